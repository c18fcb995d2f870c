"""Run the linters, the type checks and the unit tests that a change touches, which is much faster than `make test`.

A change is everything that differs from `main`, committed or not.
"""

from __future__ import annotations

import sys

from changed_tests import Touched, touched_tests
from run_tests import ROOT, STAGES, Check, pytest, run_all, vitest

STATIC = ("tsc-tests", "mypy", "tsc", "biome", "contract", "palette", "ruff-check", "ruff-format")
"""The names of the checks of every run, slowest first."""

KNOWN = {check.name: check for stage in STAGES for check in stage}


def checks_for(touched: Touched) -> list[Check]:
    """Return the checks of a change: its tests, and the checks that read all sources."""
    checks = [KNOWN[name] for name in STATIC]
    if touched.typescript:
        checks.insert(0, vitest("vitest", "vitest.config.ts", *touched.typescript))
    if touched.python:
        checks.insert(0, pytest(*touched.python))
    return checks


def describe(touched: Touched) -> str:
    """Return a text with the number of files that differ, and the test files to run."""
    if not touched.changed:
        return "Nothing differs from main: no unit test is touched."
    tests = [*touched.python, *touched.typescript]
    first = f"Files that differ from main: {len(touched.changed)}. Test files to run: {len(tests)}."
    return "\n".join([first, *(f"  {test}" for test in tests)])


if __name__ == "__main__":
    touched = touched_tests(ROOT)
    print(describe(touched), flush=True)
    sys.exit(run_all([checks_for(touched)]))
