"""What a stopped check had run and what not, from its output: its report is written only at its end."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from textwrap import wrap

from failures import WIDTH, Failure

PASSED, FAILED = "\N{CHECK MARK}", "\N{MULTIPLICATION SIGN}"
RESULT = re.compile(rf"^ ([{PASSED}{FAILED}]) (\S+) > ", re.MULTILINE)
"""A line of vitest's verbose reporter about a test that ended."""


def ended(output: str) -> tuple[int, int]:
    """Return the numbers of tests that passed and failed, by vitest's verbose output."""
    marks = [mark for mark, _ in RESULT.findall(output)]
    return marks.count(PASSED), marks.count(FAILED)


def not_run(files: Iterable[Path], output: str, root: Path) -> list[str]:
    """Return the names of the test files of which no test ended; the output names files relative to `root`."""
    seen = {name for _, name in RESULT.findall(output)}
    return sorted(file.name for file in files if file.relative_to(root).as_posix() not in seen)


def unfinished(check: str, reason: str, files: Sequence[str]) -> Failure:
    """Return an entry for the list of checks that were not finished, with the test files that did not run."""
    lines = wrap(f"Not run: {', '.join(files)}", WIDTH - 8, break_on_hyphens=False) if files else []
    return Failure(check, (reason, *lines))
