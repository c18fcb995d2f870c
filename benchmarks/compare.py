"""Compare Headscope with BertViz, CircuitsVis and Inspectus: same tensors, same Chromium, same definition of done.

Run by `make bench` (BertViz with all the patience it needs) and by `make bench-peers` (every peer), which install what
it needs. With `--write` it keeps the views that it measured in `benchmarks/results/`, and the peers' in
`docs/performance.md`.
"""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from attentions import peaked_attentions, row_maxima, words
from machine import machine
from pages import MAKERS, Subject, View, temporary_page, tensors_for
from peers import weights
from report import VIEWS, Measured, conditions_text, ratios_text, view_text
from sections import write_section
from table import spread

HERE = Path(__file__).parent
DOCS = HERE.parent / "docs" / "performance.md"
SUBJECTS: tuple[Subject, ...] = ("bertviz", "circuitsvis", "inspectus", "headscope")
GROWTH = 2.0
"""The least that a page which draws every weight takes longer for twice as many tokens; four times is usual."""

SECONDS: dict[tuple[View, int], float] = {
    **{("head", tokens): seconds for tokens, seconds in ((16, 6), (64, 22), (128, 55), (256, 70), (512, 20))},
    **{("model", tokens): seconds for tokens, seconds in ((16, 10), (64, 40), (128, 60), (256, 20), (512, 20))},
    **{("matrix", tokens): seconds for tokens, seconds in ((16, 8), (64, 12), (128, 20), (256, 35), (512, 60))},
    **{("neuron", tokens): seconds for tokens, seconds in ((16, 6), (64, 15), (128, 25), (256, 60), (512, 30))},
}
"""Roughly how long a view of this many tokens takes on an idle machine, with the settings of `make bench-peers`."""


class Browser:
    """The measuring process: one Chromium that makes one visit at a time."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.version: str = self._read()["chromium"]

    def visit(self, job: dict[str, Any]) -> dict[str, Any]:
        """Load a page once and return its measurements."""
        assert self.process.stdin is not None
        print(json.dumps(job), file=self.process.stdin, flush=True)
        return self._read()

    def _read(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"benchmarks/measure.mjs ended with exit status {self.process.wait()}; see above.")
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextmanager
def browser(args: argparse.Namespace) -> Iterator[Browser]:
    """Start Chromium, and end it afterwards."""
    settings = {name: getattr(args, name) for name in ("limit", "budget", "repeats")}
    command = ["node", str(HERE / "measure.mjs"), json.dumps(settings)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Browser(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()


def compare(
    view: View, tokens: int, given_up: set[Subject], chromium: Browser, args: argparse.Namespace
) -> list[Measured]:
    """Measure all pages of a view, in turns; who has `given_up` at fewer tokens is not tried again."""
    tensors = tensors_for(view, args.layers, args.heads, tokens)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        measured = []
        for subject in (one for one in args.subjects if (one, view) in MAKERS):
            if subject in given_up:
                measured.append(Measured(subject, view, tokens, None, {}))
                measured[-1].give_up()
                continue
            page = temporary_page(subject, view, tensors, words(tokens), Path(folder))
            path, nbytes = stack.enter_context(page)
            size = {"layers": args.layers, "heads": args.heads, "tokens": tokens}
            job = {"subject": subject, "view": view, "path": str(path), **size}
            measured.append(Measured(subject, view, tokens, nbytes, job))
        del tensors
        take_turns([one for one in measured if one.job], chromium, args)
    hopeless = args.limit * 1e3 / GROWTH
    given_up |= {one.subject for one in measured if not one.first or min(one.first) > hopeless}
    return measured


def view_maxima(view: View, tokens: int, args: argparse.Namespace) -> tuple[float, float, float]:
    """Return quantiles of the largest weight of each row of what a view shows."""
    if view == "neuron":
        vectors = tensors_for(view, 1, args.heads, tokens)
        return row_maxima([weights(query, key).numpy() for query, key in vectors])
    return row_maxima(peaked_attentions(1, args.heads, tokens))


def empty_page(chromium: Browser, args: argparse.Namespace) -> str:
    """Measure an empty page, the lower bound for every view."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "empty.html"
        path.write_text("<!doctype html><title>Empty</title><body></body>", encoding="utf-8")
        job = {"subject": "empty", "view": "page", "path": str(path)}
        return spread([chromium.visit(job)["first"] for _ in range(args.visits)], "ms")


def take_turns(measured: list[Measured], chromium: Browser, args: argparse.Namespace) -> None:
    """Visit the pages in turn, again and again, each until its time is up."""
    for _ in range(args.visits):
        for one in measured:
            if not one.failure and one.seconds <= args.budget:
                one.add(chromium.visit(one.job))
                print(one.progress(), file=sys.stderr, flush=True)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=int, nargs="+", default=[16, 64, 128, 256, 512])
    parser.add_argument("--views", nargs="+", choices=VIEWS, default=["head", "model"])
    parser.add_argument("--subjects", nargs="+", choices=SUBJECTS, default=SUBJECTS)
    parser.add_argument("--layers", type=int, default=12)
    parser.add_argument("--heads", type=int, default=12)
    parser.add_argument("--visits", type=int, default=5, help="how often each page is loaded")
    parser.add_argument("--repeats", type=int, default=5, help="how often each action is done in a visit")
    parser.add_argument("--budget", type=float, default=60, help="seconds after which no visit or action is repeated")
    parser.add_argument("--limit", type=float, default=120, help="seconds after which a page or an action is given up")
    parser.add_argument("--write", action="store_true", help="keep the results of these views")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "bertviz.md", help="where they are kept")
    parser.add_argument("--summary", action="store_true", help="and the ratios in docs/performance.md")
    return parser.parse_args()


def measured_view(view: View, chromium: Browser, args: argparse.Namespace) -> str:
    """Measure one view at all lengths; return its section, and write it if asked to."""
    conditions = {"command": shlex.join(["python", "benchmarks/compare.py", *sys.argv[1:]]), "machine": machine()}
    measured: list[Measured] = []
    given_up: set[Subject] = set()
    for tokens in sorted(args.tokens):
        measured += compare(view, tokens, given_up, chromium, args)
    conditions |= {"chromium": chromium.version, "empty": empty_page(chromium, args)}
    maxima = {tokens: view_maxima(view, tokens, args) for tokens in sorted(args.tokens)}
    text = f"{view_text(view, measured)}\n{conditions_text(view, maxima, conditions, args)}"
    if args.write:
        write_section(args.out, view, text)
    if args.write and args.summary:
        write_section(DOCS, f"peers {view}", ratios_text(view, measured, conditions))
    return text


def main() -> None:
    """Measure one view after another."""
    args = arguments()
    known = [SECONDS.get((view, tokens), 60) for view in args.views for tokens in args.tokens]
    print(f"About {sum(known) * args.visits / 3 / 60:.0f} minutes on a quiet machine.", file=sys.stderr, flush=True)
    with browser(args) as chromium:
        for view in args.views:
            print(measured_view(view, chromium, args), flush=True)


if __name__ == "__main__":
    main()
