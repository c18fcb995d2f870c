"""Long inputs in a real JupyterLab with a real kernel: first picture, switches, moves, bytes, memory.

Run by `make bench-long`. Parts, each of which can be run alone:

- `views`: SmolLM2 over texts of several lengths, in the head view, the explorer and the matrix view.
- `growth`: made-up queries and keys of several shapes, to see what a step costs with more layers and heads.
- `profile`: where the time of a cold switch goes, in the kernel and in the page.
- `longest`: two layers of made-up queries and keys at 32,768 tokens; not run by default.

With `--write`, each part is stored in `benchmarks/results/long.md` and in `docs/performance.md`.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from long_report import Row, growth_text, profile_text, views_text
from machine import machine, versions
from sections import write_section

HERE = Path(__file__).parent
ROOT = HERE.parent
RESULT = HERE / "results" / "long.md"
DOCS = ROOT / "docs" / "performance.md"
LAYERS, HEADS = 30, 9
LONGEST = 32768
THREADS = os.cpu_count() or 1
"""The number of threads that torch uses by default, as in a user's kernel."""

STARTING = 20
"""Seconds that servers, a browser and a model need before the first measurement."""


def capture(tokens: int, **options: Any) -> dict[str, Any]:
    """Return the description of a capture: of SmolLM2, unless told otherwise."""
    usual = {"layers": LAYERS, "heads": HEADS, "made": False, "shown": None, "fresh": False}
    return {"tokens": tokens, **usual, **options}


def views_jobs(args: argparse.Namespace) -> list[dict[str, Any]]:
    """Return a job for each length, so that finished ones remain when a longer one fails."""
    return [{"captures": [capture(tokens)], "views": args.views, "rounds": args.rounds} for tokens in args.tokens]


def growth_jobs(args: argparse.Namespace) -> list[dict[str, Any]]:
    """Return a job of shapes that differ only in layers, or only in heads; views show one head of each."""
    one_head = {"made": True, "shown": [0], "fresh": True}
    shapes = [{"layers": 2, "heads": 3}, {"layers": 2, "heads": 9}, {"layers": 30, "heads": 9}]
    captures = [capture(args.shape_tokens, **shape, **one_head) for shape in shapes]
    return [{"captures": captures, "views": _lines_and_maps(args), "rounds": max(1, args.rounds - 2)}]


def profile_jobs(args: argparse.Namespace) -> list[dict[str, Any]]:
    """Return a job that profiles switches of the layer."""
    return [{"profile": capture(args.shape_tokens), "views": _lines_and_maps(args), "rounds": args.rounds}]


def longest_jobs(args: argparse.Namespace) -> list[dict[str, Any]]:
    """Return a job with a text longer than most models can read."""
    made = capture(LONGEST, layers=2, made=True, shown=[0])
    return [{"captures": [made], "views": _lines_and_maps(args), "rounds": max(1, args.rounds - 2)}]


def _lines_and_maps(args: argparse.Namespace) -> list[str]:
    """Return views that show one picture each: the explorer is the head view with a grid beside it."""
    return [view for view in args.views if view != "explorer"]


Jobs = Callable[[argparse.Namespace], list[dict[str, Any]]]
Text = Callable[[Sequence[Row]], str]
PARTS: dict[str, tuple[Jobs, Text]] = {
    "views": (views_jobs, views_text),
    "growth": (growth_jobs, growth_text),
    "profile": (profile_jobs, profile_text),
    "longest": (longest_jobs, views_text),
}


def seconds(part: str, args: argparse.Namespace) -> float:
    """Return about how long a part takes on two quiet cores."""
    rounds: float = args.rounds / 4
    if part != "views":
        return STARTING + {"growth": 100 * rounds, "profile": 60, "longest": 120}[part]
    lengths: list[int] = args.tokens
    return sum(STARTING + 8 * n / 1024 + len(args.views) * (6 + 10 * rounds + n / 1024) for n in lengths)


def threads_of(job: dict[str, Any]) -> int:
    """Return how many threads torch gets. A profile covers one thread, so a single thread must do all of the work."""
    return 1 if job.get("profile") else THREADS


def measure(job: dict[str, Any]) -> list[Row]:
    """Run a job in the JupyterLab of the browser tests; return its measurements, also if it failed later."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "measured.jsonl"
        asked = {"captures": [], "profile": None, **job, "out": str(out)}
        command = [str(ROOT / "node_modules" / ".bin" / "vitest"), "run", "--config", "benchmarks/long.config.ts"]
        threads = threads_of(job)
        wishes = {"HEADSCOPE_BENCH": json.dumps(asked), "HEADSCOPE_WORKERS": "1", "HEADSCOPE_THREADS": f"{threads}"}
        done = subprocess.run(command, cwd=ROOT, env={**os.environ, **wishes}, stdout=sys.stderr)
        if done.returncode:
            print(f"A measurement failed, see above; what came before it counts: {job}", file=sys.stderr)
        return [json.loads(line) for line in out.read_text().splitlines()] if out.exists() else []


def report(part: str, args: argparse.Namespace) -> str:
    """Measure a part; return its section, and store it if asked to."""
    jobs, text_of = PARTS[part]
    before = machine()
    todo = jobs(args)
    rows = [row for job in todo for row in measure(job)]
    if not rows:
        return f"Nothing was measured of {part}."
    command = shlex.join(["python", "benchmarks/long.py", "--parts", part, *_without_parts(sys.argv[1:])])
    packages = versions("headscope", "torch", "transformers", "jupyterlab", "ipykernel")
    conditions = f"{packages}; threads of torch: {threads_of(todo[0])}.\n"
    text = f"{text_of(rows)}\n\n{conditions}{before}. Command: `{command}`"
    if args.write:
        for path in (RESULT, DOCS):
            write_section(path, f"long {part}", text)
    return text


def _without_parts(words: list[str]) -> list[str]:
    """Return a command line without its choice of parts."""
    if "--parts" not in words:
        return words
    start = words.index("--parts")
    stop = next((at for at in range(start + 1, len(words)) if words[at].startswith("--")), len(words))
    return words[:start] + words[stop:]


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=["views", "growth", "profile"])
    parser.add_argument("--tokens", type=int, nargs="+", default=[1024, 4096, 8192], help="of the part `views`")
    parser.add_argument(
        "--views", nargs="+", choices=["head", "explorer", "matrix"], default=["head", "explorer", "matrix"]
    )
    parser.add_argument("--rounds", type=int, default=4, help="how often each step is done")
    parser.add_argument("--shape-tokens", type=int, default=4096, help="tokens of `growth` and `profile`")
    parser.add_argument("--write", action="store_true", help="keep the results")
    return parser.parse_args()


def main() -> None:
    """Measure one part after another."""
    args = arguments()
    about = {part: seconds(part, args) for part in args.parts}
    each = ", ".join(f"{part} {taken:.0f} s" for part, taken in about.items())
    print(f"About {sum(about.values()) / 60:.0f} minutes on two quiet cores: {each}.", file=sys.stderr, flush=True)
    for part in args.parts:
        print(report(part, args), flush=True)


if __name__ == "__main__":
    main()
