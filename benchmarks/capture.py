"""What capturing costs: `headscope.capture` against a plain forward pass and against eager `output_attentions`.

Run by `make bench-capture`. Writes its part of `docs/performance.md`. Linux only: it asks /proc for the memory of
processes.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import torch

import headscope as hs
from apart import apart, available, peak, reset_peak
from machine import machine, versions
from models import load, with_eager, with_positions
from sections import write_section
from table import markdown, spread

ROOT = Path(__file__).parents[1]
NAMES = {"minilm": "MiniLM (6 layers x 12 heads)", "smollm2": "SmolLM2-135M (30 layers x 9 heads of 3 KV heads)"}
WAYS = ("plain", "capture", "eager")
LEAN: dict[str, dict[str, Any]] = {"minilm": {}, "smollm2": {"use_cache": False, "logits_to_keep": 1}}
"""Arguments that leave out what a capture leaves out (unread logits, the cache), so that all ways do the same work."""
LENGTHS = [64, 256, 512, 1024, 2048, 4096, 8192]
MIN_ROUNDS = 3
WARM = 8

HEAD = """\
## What capturing costs

Written by `make bench-capture`, which measures three ways side by side:

- **plain**: a forward pass with PyTorch's fused attention (SDPA), nothing kept.
- **capture**: `hs.capture(model, inputs=batch)`.
- **eager**: the same model with eager attention and `output_attentions=True`, the usual way to get weights.

Times are CPU time of one process, CPU threads: {threads}, float32; other work on the machine matters little. The three
take turns. A multiple is the median over rounds, each divided by the plain pass of its own round: at most {rounds}
rounds, and no more than {least} once {seconds} seconds have passed. Peak: the most resident memory during the pass,
beyond that of the loaded model, each in a process of its own. Held: what remains when the pass is over. A capture
keeps queries and keys, and computes weights on request.

In all three ways SmolLM2 runs without a cache and computes the logits of its last token only, as a capture does. MiniLM
has positions for 512 tokens; a random BERT of its size with more positions reads longer texts. Eager attention was not
run if its weights alone would take more than half of the free memory; the table gives their size. Weights grow with the
square of the tokens, queries and keys with the tokens.
"""


class Model:
    """A model that can run in each of the three ways."""

    def __init__(self, name: str, tokens: int) -> None:
        self.name = name
        self.fast, tokenizer = load(name, "sdpa")
        most = getattr(self.fast.config, "max_position_embeddings", tokens)
        if tokens > most:
            self.fast = with_positions(self.fast.config, tokens)
        self.slow = with_eager(self.fast)
        self.batch = token_batch(tokenizer, tokens)
        self.weights = weights_size(self.fast.config, tokens)

    def run(self, way: str, tokens: int | None = None) -> Any:
        """Run the model in one way, over its first tokens or all of them, and return what it keeps."""
        batch = {name: value[:, :tokens] for name, value in self.batch.items()}
        if way == "capture":
            return hs.capture(self.fast, inputs=batch)
        if way == "plain":
            self.fast(**batch, **LEAN[self.name])
            return None
        return self.slow(**batch, **LEAN[self.name], output_attentions=True).attentions


def token_batch(tokenizer: Any, tokens: int) -> dict[str, torch.Tensor]:
    """Return a batch of one row of English, exactly as long as asked."""
    text = "The committee had met every Thursday for nine years, and nobody had asked who paid for the coffee. "
    text *= tokens // 16 + 1
    return {"input_ids": tokenizer(text, truncation=True, max_length=tokens, return_tensors="pt").input_ids}


def weights_size(config: Any, tokens: int) -> int:
    """Return the size in bytes of the weights of all layers and heads in float32."""
    return int(4 * config.num_hidden_layers * config.num_attention_heads * tokens**2)


@torch.no_grad()
def timings(run: Callable[[str], Any], ways: list[str], rounds: int, seconds: float) -> dict[str, list[float]]:
    """Return the CPU milliseconds of each way in each round. The ways take turns, so a busy machine is busy for all."""
    for way in ways:
        run(way)
    taken: dict[str, list[float]] = {way: [] for way in ways}
    begun = time.monotonic()
    for turn in range(rounds):
        if turn >= MIN_ROUNDS and time.monotonic() - begun > seconds:
            break
        for way in ways[turn % len(ways) :] + ways[: turn % len(ways)]:
            start = time.process_time()
            run(way)
            taken[way].append(1e3 * (time.process_time() - start))
    return taken


@torch.no_grad()
def memory(model: Model, way: str) -> dict[str, float]:
    """Return two sizes in bytes: the peak of the pass beyond the loaded model, and what is held afterwards."""
    model.run(way, WARM)  # what is loaded when it is first used is no part of it
    before = reset_peak()
    kept = model.run(way)
    after = peak()
    held = sum(layer.nbytes for layer in kept) if way == "eager" else kept.nbytes if kept else 0
    return {"peak": max(0, after - before), "held": held}


def row(name: str, tokens: int, args: argparse.Namespace) -> list[str]:
    """Measure one model at one length."""
    print(f"{NAMES[name]}, {tokens} tokens ...", file=sys.stderr, flush=True)
    model = Model(name, tokens)
    ways = [way for way in WAYS if way != "eager" or model.weights < available() / 2]
    used = {way: apart(lambda way=way: memory(model, way)) for way in ways}  # type: ignore[misc]  # before it ran here
    taken = timings(model.run, ways, args.rounds, args.seconds)
    times = {way: median(own / plain for own, plain in zip(taken[way], taken["plain"], strict=True)) for way in ways}
    most, kept = ({way: gigabytes(used[way][what]) for way in ways} for what in ("peak", "held"))
    unmeasured = f"at least {gigabytes(model.weights)}"
    return [
        f"{tokens:,}",
        spread(taken["plain"], "ms"),
        f"{times['capture']:.2f}x",
        f"{times['eager']:.2f}x" if "eager" in ways else "not run",
        *(most.get(way, "not run") for way in WAYS),
        kept["capture"],
        kept.get("eager", unmeasured),
        str(len(taken["plain"])),
    ]


def gigabytes(size: float) -> str:
    """Write a size in MB, or GB from a thousand of them on."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB" if size >= 1e7 else f"{size / 1e6:.1f} MB"


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", choices=list(NAMES), default=list(NAMES))
    parser.add_argument("--tokens", type=int, nargs="+", default=LENGTHS)
    parser.add_argument("--rounds", type=int, default=15, help="at most so many of each case")
    parser.add_argument("--seconds", type=float, default=60, help=f"after this, no more than {MIN_ROUNDS} rounds")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "performance.md")
    return parser.parse_args()


def report(args: argparse.Namespace) -> str:
    """Measure everything and lay it out."""
    head = [
        "tokens",
        "plain",
        "capture",
        "eager",
        "peak: plain",
        "capture",
        "eager",
        "held: capture",
        "eager",
        "rounds",
    ]
    parts = [HEAD.format(threads=args.threads, rounds=args.rounds, seconds=f"{args.seconds:.0f}", least=MIN_ROUNDS)]
    for name in args.models:
        rows = [row(name, tokens, args) for tokens in args.tokens]
        parts += [f"### {NAMES[name]}\n", markdown(head, rows), ""]
    parts.append("### Conditions\n")
    parts.append(f"{versions('headscope', 'torch', 'transformers')}.\n{machine()}.\n")
    parts.append(f"Command: `{shlex.join(['python', 'benchmarks/capture.py', *sys.argv[1:]])}`\n")
    return "\n".join(parts)


def main() -> None:
    """Measure, print, write."""
    args = arguments()
    torch.set_num_threads(args.threads)
    text = report(args)
    write_section(args.out, "capture", text)
    print(text)


if __name__ == "__main__":
    main()
