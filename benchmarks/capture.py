"""What capturing costs: `headscope.capture` against a plain forward pass and against eager `output_attentions`.

Run by `make bench-capture`. Writes `benchmarks/results/capture.md`.
"""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import torch

import headscope as hs
from machine import machine, versions
from models import load
from table import markdown, spread

HERE = Path(__file__).parent
NAMES = {"minilm": "MiniLM (6 layers x 12 heads)", "smollm2": "SmolLM2-135M (30 layers x 9 heads)"}
WAYS = {"plain": "sdpa", "capture": "sdpa", "eager": "eager"}
LEAN: dict[str, dict[str, Any]] = {"minilm": {}, "smollm2": {"use_cache": False, "logits_to_keep": 1}}
"""What a capture leaves out, and so the other two leave it out as well: logits that nobody reads, the cache."""

NOTES = """\
Plain: a forward pass with PyTorch's fused attention (SDPA). Capture: `hs.capture(model, inputs=batch)`. Eager: the
model loaded with `attn_implementation="eager"`, and `output_attentions=True`. Times: medians of {rounds} rounds in
which the three take turns, as multiples of the plain forward of the same round; {threads} CPU thread(s), float32.
Peak: resident memory above that of the loaded model, each in a process of its own; what loading left free is used again
and not counted, so small numbers say little. Held: what is kept afterwards.
SmolLM2 runs without cache and with the logits of the last token alone in all three, as a capture runs it.
"""


def ways(name: str, tokens: int) -> dict[str, Callable[[], Any]]:
    """Return the three ways to run a model over `tokens` tokens, each giving what it would keep."""
    fast, tokenizer = load(name, "sdpa")
    slow, _ = load(name, "eager")
    batch = token_batch(tokenizer, tokens)
    return {
        "plain": lambda: fast(**batch, **LEAN[name]),
        "capture": lambda: hs.capture(fast, inputs=batch),
        "eager": lambda: slow(**batch, **LEAN[name], output_attentions=True).attentions,
    }


def token_batch(tokenizer: Any, tokens: int) -> dict[str, torch.Tensor]:
    """Return a batch of one row of English, exactly as long as asked."""
    text = "The committee had met every Thursday for nine years, and nobody had asked who paid for the coffee. " * 40
    return {"input_ids": tokenizer(text, truncation=True, max_length=tokens, return_tensors="pt").input_ids}


@torch.no_grad()
def timings(name: str, tokens: int, rounds: int) -> dict[str, list[float]]:
    """Return milliseconds of each way, one a round; the ways take turns, so that a busy machine is busy for all."""
    running = ways(name, tokens)
    for run in running.values():
        run()
    taken: dict[str, list[float]] = {way: [] for way in running}
    for turn in range(rounds):
        order = list(running)[turn % 3 :] + list(running)[: turn % 3]
        for way in order:
            start = time.perf_counter()
            running[way]()
            taken[way].append(1e3 * (time.perf_counter() - start))
    return taken


@torch.no_grad()
def memory(name: str, tokens: int, way: str) -> dict[str, float]:
    """Return megabytes: what the pass took at its peak above the loaded model, and what is held afterwards."""
    model, tokenizer = load(name, WAYS[way])
    model(**token_batch(tokenizer, 8), **LEAN[name])
    batch = token_batch(tokenizer, tokens)
    before = reset_peak()
    if way == "capture":
        held = hs.capture(model, inputs=batch).nbytes
    elif way == "eager":
        held = sum(layer.nbytes for layer in model(**batch, **LEAN[name], output_attentions=True).attentions)
    else:
        model(**batch, **LEAN[name])
        held = 0
    return {"peak": (peak() - before) / 1e3, "held": held / 1e6}


def reset_peak() -> int:
    """Forget the highest resident size so far and return the present one, in kB. Linux only."""
    Path("/proc/self/clear_refs").write_text("5")
    return _status("VmRSS")


def peak() -> int:
    """Return the highest resident size since `reset_peak`, in kB."""
    return _status("VmHWM")


def _status(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


def memory_apart(name: str, tokens: int, way: str, threads: int) -> dict[str, float]:
    """Measure memory in a process of its own: what another way has freed would hide what this one takes."""
    command = [sys.executable, __file__, "--threads", str(threads), "--memory", name, str(tokens), way]
    answer: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return answer


def row(name: str, tokens: int, args: argparse.Namespace) -> list[str]:
    """Measure one model at one length."""
    print(f"{NAMES[name]}, {tokens} tokens ...", file=sys.stderr, flush=True)
    taken = timings(name, tokens, args.rounds)
    ratios = {way: [one / plain for one, plain in zip(taken[way], taken["plain"], strict=True)] for way in taken}
    used = {way: memory_apart(name, tokens, way, args.threads) for way in WAYS}
    return [
        f"{tokens}",
        spread(taken["plain"], "ms"),
        f"{median(ratios['capture']):.2f}x",
        f"{median(ratios['eager']):.2f}x",
        *(f"{used[way]['peak']:.0f} MB" for way in WAYS),
        *(f"{used[way]['held']:.1f} MB" for way in ("capture", "eager")),
    ]


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", choices=list(NAMES), default=["minilm", "smollm2"])
    parser.add_argument("--tokens", type=int, nargs="+", default=[64, 128, 256, 512])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, default=HERE / "results" / "capture.md")
    parser.add_argument("--memory", nargs=3, metavar=("MODEL", "TOKENS", "WAY"), help=argparse.SUPPRESS)
    return parser.parse_args()


def report(args: argparse.Namespace) -> str:
    """Measure everything and lay it out."""
    conditions = machine()
    head = ["tokens", "plain forward", "capture", "eager", "peak: plain", "capture", "eager", "held: capture", "eager"]
    parts = ["# What capturing costs\n"]
    for name in args.models:
        rows = [row(name, tokens, args) for tokens in args.tokens]
        parts += [f"## {NAMES[name]}\n", markdown(head, rows), ""]
    parts.append(NOTES.format(rounds=args.rounds, threads=args.threads))
    parts.append(f"{versions('headscope', 'torch', 'transformers')}. {conditions}.")
    parts.append(f"Command: `{shlex.join(['python', 'benchmarks/capture.py', *sys.argv[1:]])}`\n")
    return "\n".join(parts)


def main() -> None:
    """Measure, print, write."""
    args = arguments()
    torch.set_num_threads(args.threads)
    if args.memory:
        name, tokens, way = args.memory
        print(json.dumps(memory(name, int(tokens), way)))
        return
    text = report(args)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
