"""The checks of a change, and the text about it."""

from __future__ import annotations

from changed_tests import Touched
from check_change import KNOWN, checks_for, describe
from run_tests import Check


def by_name(touched: Touched) -> dict[str, Check]:
    return {check.name: check for check in checks_for(touched)}


def test_a_change_gets_only_its_tests() -> None:
    checks = by_name(Touched(["a.py", "a.ts"], python=["tests/test_a.py"], typescript=["src/a.test.ts"]))
    assert checks["pytest"].command[-1] == "tests/test_a.py"
    assert checks["vitest"].command[-1] == "src/a.test.ts"
    assert {"mypy", "ruff-check", "ruff-format", "biome", "tsc", "tsc-tests", "contract", "palette"} < set(checks)
    assert not {"install", "browser", "bundle-sizes"} & set(checks)


def test_coverage_is_measured_by_runs_of_all_tests_only() -> None:
    checks = by_name(Touched(["a.py", "a.ts"], python=["tests/test_a.py"], typescript=["src/a.test.ts"]))
    for name, option in (("pytest", "--cov"), ("vitest", "--coverage")):
        assert option in KNOWN[name].command
        assert option not in checks[name].command


def test_without_tests_no_runner_starts() -> None:
    assert not {"pytest", "vitest"} & set(by_name(Touched(["LICENSE"])))


def test_the_tests_of_a_change_are_listed() -> None:
    assert describe(Touched(["a.py"], python=["tests/test_a.py"])).splitlines() == [
        "Files that differ from main: 1. Test files to run: 1.",
        "  tests/test_a.py",
    ]
    assert describe(Touched()) == "Nothing differs from main: no unit test is touched."
