"""Run every check of the project, whatever fails, and sum up in the last line: `N passed, N failed`.

Names given as arguments run those checks alone: `make test ARGS="mypy vitest"`.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

ROOT = Path(__file__).parents[1]
REPORTS = ROOT / "build" / "reports"
NODE = ROOT / "node_modules" / ".bin"
PYTHON = sys.executable
TIME_LIMIT = 1500.0
"""Seconds after which a check counts as hung. The slowest takes a quarter of an hour."""

GRACE = 20.0
"""Seconds that a hung check has to clean up."""


@dataclass(frozen=True)
class Check:
    """A command that passes or fails. With a `report` (JUnit's XML) its single tests are counted."""

    name: str
    command: tuple[str, ...]
    report: Path | None = None


@dataclass(frozen=True)
class Outcome:
    """What came of a check."""

    check: Check
    passed: int
    failed: int
    seconds: float
    output: str


def python(name: str, *arguments: str) -> Check:
    """Return a check that runs a Python module."""
    return Check(name, (PYTHON, "-m", *arguments))


def node(name: str, tool: str, *arguments: str) -> Check:
    """Return a check that runs an installed npm tool."""
    return Check(name, (str(NODE / tool), *arguments))


def vitest(name: str, config: str) -> Check:
    """Return a check that runs the tests of a vitest configuration."""
    report = REPORTS / f"{name}.xml"
    reporters = ("--reporter=default", "--reporter=junit", f"--outputFile.junit={report}")
    return Check(name, (str(NODE / "vitest"), "run", f"--config={config}", *reporters), report)


def pytest() -> Check:
    """Return the check that runs the Python tests, on two cores."""
    report = REPORTS / "pytest.xml"
    return Check(
        "pytest",
        (PYTHON, "-m", "pytest", "--numprocesses=2", "--dist=loadfile", "--tb=short", f"--junit-xml={report}"),
        report,
    )


STAGES: tuple[tuple[Check, ...], ...] = (
    (Check("install", ("make", "--no-print-directory", "install")),),
    (
        python("mypy", "mypy"),
        python("ruff-check", "ruff", "check"),
        python("ruff-format", "ruff", "format", "--check"),
        node("biome", "biome", "check", "--error-on-warnings"),
        node("tsc", "tsc", "--noEmit"),
        node("tsc-tests", "tsc", "--project", "tsconfig.check.json"),
        Check("contract", (PYTHON, "tools/contract.py", "--check")),
        Check("bundle-sizes", ("node", "tools/check-size.mjs")),
        vitest("vitest", "vitest.config.ts"),
    ),
    # Each of these keeps both cores busy by itself.
    (pytest(),),
    (vitest("browser", "ui-tests/vitest.config.ts"),),
)
"""The checks of a stage run two at a time; the next stage waits for them."""


def environment() -> dict[str, str]:
    """Return the environment of the checks: the project's tools first, plain output, nothing fetched from a hub."""
    path = f"{Path(PYTHON).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "NO_COLOR": "1", "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}


def run(check: Check) -> Outcome:
    """Run a check and say at once what came of it, with its output where it failed."""
    if check.report:
        check.report.unlink(missing_ok=True)
    start = time.monotonic()
    code, output = execute(check.command)
    passed, failed = count(check, code)
    outcome = Outcome(check, passed, failed, time.monotonic() - start, output)
    print(describe(outcome), flush=True)
    return outcome


def execute(command: tuple[str, ...]) -> tuple[int, str]:
    """Return a command's exit status and all that it printed."""
    options: dict[str, Any] = {"cwd": ROOT, "env": environment(), "stdin": subprocess.DEVNULL}
    try:
        # A group of its own, so that what it starts ends with it.
        child = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True, **options
        )
    except OSError as error:
        return 1, f"{command[0]} could not be started: {error}"
    try:
        output, _ = child.communicate(timeout=TIME_LIMIT)
    except subprocess.TimeoutExpired:
        return 1, f"{give_up(child)}\nGiven up after {TIME_LIMIT:.0f} seconds."
    return child.returncode, output.decode(errors="replace")


def give_up(child: subprocess.Popen[bytes]) -> str:
    """End a command and all that it has started, first asked to and then made to; return what it had printed."""
    for signal_ in (signal.SIGTERM, signal.SIGKILL):
        os.killpg(child.pid, signal_)
        try:
            output, _ = child.communicate(timeout=GRACE)
            return output.decode(errors="replace")
        except subprocess.TimeoutExpired:
            continue
    return ""


def count(check: Check, code: int) -> tuple[int, int]:
    """Return how many tests passed and failed; a check without a readable report is one test."""
    if check.report is None or not check.report.exists():
        return (1, 0) if code == 0 and check.report is None else (0, 1)
    try:
        cases = list(ElementTree.parse(check.report).iter("testcase"))
    except ElementTree.ParseError:
        return 0, 1  # whoever writes it was given up before it was done
    failed = sum(case.find("failure") is not None or case.find("error") is not None for case in cases)
    skipped = sum(case.find("skipped") is not None for case in cases)
    if failed == 0 and (code != 0 or not cases):
        failed = 1  # it broke outside any single test, or found none
    return max(len(cases) - failed - skipped, 0), failed


def describe(outcome: Outcome) -> str:
    """Return one line on a check, and below it the output of one that failed."""
    failed = outcome.failed > 0
    tests = f"{outcome.passed} passed, {outcome.failed} failed" if outcome.check.report else ""
    line = f"{'FAILED' if failed else 'ok':6}  {outcome.check.name:14}  {outcome.seconds:4.0f} s  {tests}".rstrip()
    return f"{line}\n{outcome.output.rstrip()}\n" if failed else line


def main(names: list[str]) -> int:
    """Run the checks that are named, or all; return the exit status."""
    known = [check.name for stage in STAGES for check in stage]
    if unknown := set(names) - set(known):
        print(f"No check is named {', '.join(sorted(unknown))}. There are: {', '.join(known)}.")
        return 2
    REPORTS.mkdir(parents=True, exist_ok=True)
    outcomes: list[Outcome] = []
    with ThreadPoolExecutor(max_workers=2) as pool:
        for stage in STAGES:
            outcomes += pool.map(run, (check for check in stage if not names or check.name in names))
    failed = sum(outcome.failed for outcome in outcomes)
    print(f"{sum(outcome.passed for outcome in outcomes)} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
