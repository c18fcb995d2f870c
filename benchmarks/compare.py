"""BertViz against Headscope: the same tensors, the same Chromium, the same definition of done.

Run by `make bench`, which installs what it needs. Writes `benchmarks/results/bertviz.md`.
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
from pages import Subject, View, temporary_page
from report import Measured, write_report
from table import spread

HERE = Path(__file__).parent
SUBJECTS: tuple[Subject, ...] = ("bertviz", "headscope")


class Browser:
    """The measuring process: one Chromium, asked for one visit at a time."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.version: str = self._read()["chromium"]

    def visit(self, job: dict[str, Any]) -> dict[str, Any]:
        """Load a page once and return what was measured."""
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
    """Measure both pages of a view, in turns; who has `given_up` at fewer tokens is not tried again."""
    attentions = peaked_attentions(args.layers, args.heads, tokens)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        measured = []
        for subject in args.subjects:
            if subject in given_up:
                measured.append(Measured(subject, view, tokens, None, {}))
                measured[-1].give_up()
                continue
            page = temporary_page(subject, view, attentions, words(tokens), Path(folder))
            path, nbytes = stack.enter_context(page)
            size = {"layers": args.layers, "heads": args.heads, "tokens": tokens}
            job = {"subject": subject, "view": view, "path": str(path), **size}
            measured.append(Measured(subject, view, tokens, nbytes, job))
        del attentions
        take_turns([one for one in measured if one.job], chromium, args)
    given_up |= {one.subject for one in measured if not one.first}
    return measured


def empty_page(chromium: Browser, args: argparse.Namespace) -> str:
    """Measure a page that shows nothing: what no view can be faster than."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "empty.html"
        path.write_text("<!doctype html><title>Empty</title><body></body>", encoding="utf-8")
        job = {"subject": "empty", "view": "page", "path": str(path)}
        return spread([chromium.visit(job)["first"] for _ in range(args.visits)], "ms")


def take_turns(measured: list[Measured], chromium: Browser, args: argparse.Namespace) -> None:
    """Visit the pages one after the other, again and again, each until its time is up."""
    for _ in range(args.visits):
        for one in measured:
            if not one.failure and one.seconds <= args.budget:
                one.add(chromium.visit(one.job))
                print(one.progress(), file=sys.stderr, flush=True)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=int, nargs="+", default=[16, 64, 128, 256, 512])
    parser.add_argument("--views", nargs="+", choices=["head", "model"], default=["head", "model"])
    parser.add_argument("--subjects", nargs="+", choices=SUBJECTS, default=SUBJECTS)
    parser.add_argument("--layers", type=int, default=12)
    parser.add_argument("--heads", type=int, default=12)
    parser.add_argument("--visits", type=int, default=5, help="how often each page is loaded")
    parser.add_argument("--repeats", type=int, default=5, help="how often each action is done in a visit")
    parser.add_argument("--budget", type=float, default=60, help="seconds after which no visit or action is repeated")
    parser.add_argument("--limit", type=float, default=120, help="seconds after which a page or an action is given up")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "bertviz.md")
    return parser.parse_args()


def main() -> None:
    """Measure everything, print the table, write it."""
    args = arguments()
    conditions = {"command": shlex.join(["python", "benchmarks/compare.py", *sys.argv[1:]]), "machine": machine()}
    measured: list[Measured] = []
    with browser(args) as chromium:
        for view in args.views:
            given_up: set[Subject] = set()
            for tokens in sorted(args.tokens):
                measured += compare(view, tokens, given_up, chromium, args)
        conditions |= {"chromium": chromium.version, "empty": empty_page(chromium, args)}
    maxima = {tokens: row_maxima(peaked_attentions(args.layers, args.heads, tokens)) for tokens in sorted(args.tokens)}
    print(write_report(measured, maxima, conditions, args))


if __name__ == "__main__":
    main()
