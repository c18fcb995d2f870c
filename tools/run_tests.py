"""Run every check of the project, even after failures; the last line of output is `N passed, N failed`.

Before it stands a short list of what failed and why, because where a log is kept, its middle may be cut. A check that
hangs or is interrupted did not fail: it counts as not finished, its list names what did not run, and the run fails.

Names as arguments run only these checks: `make test ARGS="mypy vitest"`.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event

from failures import Failure, cases_of, failures, listed
from supervise import adopt_orphans, end_descendants, supervise
from unfinished import ended, not_run, unfinished

ROOT = Path(__file__).parents[1]
REPORTS = ROOT / "build" / "reports"
NODE = ROOT / "node_modules" / ".bin"
PYTHON = sys.executable


@dataclass(frozen=True)
class Check:
    """A command that passes or fails. If it writes a `report` (JUnit XML), its single tests are counted.

    `files` is the pattern of its test files, if it prints the name of each test that ended.
    """

    name: str
    command: tuple[str, ...]
    report: Path | None = None
    files: str = ""


@dataclass(frozen=True)
class Outcome:
    """The result of a check, and why it was stopped; empty if it ended by itself."""

    check: Check
    passed: int
    failed: int
    seconds: float
    output: str
    stopped: str = ""


def python(name: str, *arguments: str) -> Check:
    """Return a check that runs a Python module."""
    return Check(name, (PYTHON, "-m", *arguments))


def node(name: str, tool: str, *arguments: str) -> Check:
    """Return a check that runs an installed npm tool."""
    return Check(name, (str(NODE / tool), *arguments))


def tsc(name: str, *arguments: str) -> Check:
    """Return a check of TypeScript's types that remembers, in `build/`, what it found before."""
    return node(name, "tsc", *arguments, "--incremental", "--tsBuildInfoFile", f"{ROOT / 'build' / name}.tsbuildinfo")


def vitest(name: str, config: str, *arguments: str) -> Check:
    """Return a check that runs the tests of a vitest configuration, or of the files among the arguments."""
    report = REPORTS / f"{name}.xml"
    # The verbose reporter prints a line per test, so that a long file is not taken for a hung one.
    shown = "dot" if arguments else "verbose"
    reporters = (f"--reporter={shown}", "--reporter=junit", f"--outputFile.junit={report}")
    return Check(name, (str(NODE / "vitest"), "run", f"--config={config}", *reporters, *arguments), report)


def pytest(*arguments: str) -> Check:
    """Return a check that runs Python tests."""
    report = REPORTS / "pytest.xml"
    return Check("pytest", (PYTHON, "-m", "pytest", "--tb=short", f"--junit-xml={report}", *arguments), report)


STAGES: tuple[tuple[Check, ...], ...] = (
    (Check("install", ("make", "--no-print-directory", "install")),),
    (
        python("mypy", "mypy"),
        python("ruff-check", "ruff", "check"),
        python("ruff-format", "ruff", "format", "--check"),
        node("biome", "biome", "check", "--error-on-warnings"),
        tsc("tsc", "--noEmit"),
        tsc("tsc-tests", "--project", "tsconfig.check.json"),
        Check("contract", (PYTHON, "tools/contract.py", "--check")),
        Check("palette", ("node", "tools/palette.mjs", "--check")),
        Check("bundle-sizes", ("node", "tools/check-size.mjs")),
        vitest("vitest", "vitest.config.ts", "--coverage"),
    ),
    # Each of these uses both cores by itself.
    (pytest("--numprocesses=2", "--dist=loadfile", "--cov"),),
    (replace(vitest("browser", "ui-tests/vitest.config.ts"), files="ui-tests/**/*.test.ts"),),
)
"""The checks of a stage run two at a time; the next stage waits for them."""


INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""The signals on which a run ends its checks and then itself."""


def environment() -> dict[str, str]:
    """Return the environment of the checks: the project's tools first, plain output, no access to a model hub."""
    path = f"{Path(PYTHON).parent}{os.pathsep}{os.environ['PATH']}"
    plain = {**os.environ, "PATH": path, "NO_COLOR": "1", "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    # Python 3.12 and later can tell which lines run at nearly no cost.
    return {**plain, "COVERAGE_CORE": "sysmon"} if sys.version_info >= (3, 12) else plain


def run(check: Check, stop: Event) -> Outcome:
    """Run a check and print its result at once, with its output if it failed."""
    if check.report:
        check.report.unlink(missing_ok=True)
    log = REPORTS / f"{check.name}.log"
    log.unlink(missing_ok=True)
    start = time.monotonic()
    ending = supervise(check.command, log=log, stop=stop, environment=environment(), folder=ROOT)
    printed = log.read_text(errors="replace").rstrip() if log.exists() else ""
    passed, failed = ended(printed) if ending.stopped else count(check, 1 if ending.reason else ending.status)
    output, stopped = f"{printed}\n{ending.reason}", ending.reason if ending.stopped else ""
    outcome = Outcome(check, passed, failed, time.monotonic() - start, output, stopped)
    print(describe(outcome), flush=True)
    return outcome


def count(check: Check, code: int) -> tuple[int, int]:
    """Return the numbers of passed and failed tests; a check without a readable report counts as one test."""
    if check.report is None or not check.report.exists():
        return (1, 0) if code == 0 and check.report is None else (0, 1)
    cases = cases_of(check.report)
    failed = sum(case.find("failure") is not None or case.find("error") is not None for case in cases)
    skipped = sum(case.find("skipped") is not None for case in cases)
    if failed == 0 and (code != 0 or not cases):
        failed = 1  # it failed outside of any single test, found no test, or did not end its report
    return max(len(cases) - failed - skipped, 0), failed


def describe(outcome: Outcome) -> str:
    """Return one line about a check, followed by its output if it failed."""
    word = "FAILED" if outcome.failed else "CUT" if outcome.stopped else "ok"
    tests = f"{outcome.passed} passed, {outcome.failed} failed" if outcome.check.report else ""
    line = f"{word:6}  {outcome.check.name:14}  {outcome.seconds:4.0f} s  {tests}".rstrip()
    return line if word == "ok" else f"{line}\n{outcome.output.rstrip()}\n"


def reasons(outcome: Outcome) -> list[Failure]:
    """Return what failed in a failed check."""
    return failures(outcome.check.name, outcome.check.report, outcome.output)


def summary(outcomes: Sequence[Outcome]) -> str:
    """Return the lists of what failed and of what was not finished, and the sums."""
    failed = [failure for outcome in outcomes if outcome.failed for failure in reasons(outcome)]
    left = [
        unfinished(one.check.name, one.stopped, not_run(ROOT.glob(one.check.files), one.output, ROOT))
        if one.check.files
        else unfinished(one.check.name, one.stopped, ())
        for one in outcomes
        if one.stopped
    ]
    lists = [listed(failed)] if failed else []
    lists += [listed(left, "Not finished:")] if left else []
    sums = f"{sum(one.passed for one in outcomes)} passed, {sum(one.failed for one in outcomes)} failed"
    return "\n".join([*lists, f"{sums}, {len(left)} not finished" if left else sums])


def run_all(stages: Sequence[Sequence[Check]]) -> int:
    """Run the checks of each stage two at a time, print the sums, and return the exit status."""
    REPORTS.mkdir(parents=True, exist_ok=True)
    adopt_orphans()
    stop = Event()

    def interrupt(*_: object) -> None:
        # The event's lock is not reentrant: a second signal would deadlock while the first holds it. SIG_IGN instead of
        # an empty handler would be inherited by a check that is just starting.
        for number in INTERRUPTS:
            signal.signal(number, lambda *_: None)
        stop.set()

    for number in INTERRUPTS:
        signal.signal(number, interrupt)
    outcomes: list[Outcome] = []
    try:
        with ThreadPoolExecutor(max_workers=2) as pool:
            for stage in stages:
                outcomes += pool.map(lambda check: run(check, stop), stage)
    finally:
        end_descendants()
    print(summary(outcomes))
    return 1 if any(outcome.failed or outcome.stopped for outcome in outcomes) else 0


def main(names: list[str]) -> int:
    """Run the named checks, or all of them, and return the exit status."""
    known = [check.name for stage in STAGES for check in stage]
    if unknown := set(names) - set(known):
        print(f"No check is named {', '.join(sorted(unknown))}. The checks are: {', '.join(known)}.")
        return 2
    return run_all([[check for check in stage if not names or check.name in names] for stage in STAGES])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
