"""The list at the end of a failed run: what it says of a report or an output, and how long it can get."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from failures import FRAME, LINES_EACH, MOST_LINES, WIDTH, Failure, failures, listed

# As vitest writes it for a test whose page also logged errors.
VITEST = """<?xml version="1.0" encoding="UTF-8" ?>
<testsuites><testsuite name="ui-tests/a.test.ts">
  <testcase classname="ui-tests/a.test.ts" name="lab: a &gt; b">
    <failure message="Matcher did not succeed in time." type="Error">
Error: Matcher did not succeed in time.
 >> harness/view.ts:9:1
 >> ui-tests/a.test.ts:2:74

Caused by: AssertionError: expected &apos;x&apos; to be &apos;y&apos; // Object.is equality
    </failure>
    <failure message="The page reported problems:" type="Error">
Error: The page reported problems:
Console: one
Console: two
Console: three
 >> guard ui-tests/harness/test.ts:34:11
    </failure>
  </testcase>
  <testcase classname="ui-tests/a.test.ts" name="passes"/>
</testsuite></testsuites>""".replace(">>", FRAME)

PYTEST = """
import pytest

def test_passes(): pass

def test_fails():
    values = [1, 2]
    assert values == [1, 3], "unequal"

@pytest.fixture
def broken(): raise ValueError("no fixture")

def test_errs(broken): pass
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "report.xml"
    path.write_text(text)
    return path


def test_a_failed_browser_test_has_its_name_its_messages_and_its_place(tmp_path: Path) -> None:
    assert failures("browser", written(tmp_path, VITEST), "") == [
        Failure(
            "browser: ui-tests/a.test.ts > lab: a > b",
            (
                "Error: Matcher did not succeed in time.",
                f"{FRAME} ui-tests/a.test.ts:2:74",
                "Caused by: AssertionError: expected 'x' to be 'y' // Object.is equality",
                "Error: The page reported problems:",
                f"{FRAME} guard ui-tests/harness/test.ts:34:11",
                "Console: one",
            ),
        )
    ]


def test_a_failed_python_test_has_its_place_and_its_assertion(tmp_path: Path) -> None:
    tests, report = tmp_path / "test_it.py", tmp_path / "report.xml"
    tests.write_text(PYTEST)
    options = ["-p", "no:cacheprovider", "-c", "/dev/null", f"--rootdir={tmp_path}"]
    run = [sys.executable, "-m", "pytest", "-q", "--tb=short", f"--junit-xml={report}", *options, str(tests)]
    assert subprocess.run(run, stdout=subprocess.DEVNULL, check=False).returncode == 1
    fails, errs = failures("pytest", report, "")
    assert fails.title == "pytest: test_it > test_fails"
    assert fails.lines[0].endswith("test_it.py:8: in test_fails")
    assert fails.lines[1:3] == ("AssertionError: unequal", "assert [1, 2] == [1, 3]")
    assert errs.title == "pytest: test_it > test_errs"
    assert errs.lines[-1] == "ValueError: no fixture"


@pytest.mark.parametrize("report", [None, "<testsuites/>", "<testcase", "<testsuites><testcase/></testsuites>"])
def test_a_check_that_failed_outside_of_any_test_has_its_last_output(tmp_path: Path, report: str | None) -> None:
    output = "".join(f"line {n}\n\n" for n in range(20))
    path = tmp_path / "missing.xml" if report is None else written(tmp_path, report)
    for place in (path, None):
        (failure,) = failures("mypy", place, output)
        assert failure == Failure("mypy", tuple(f"line {n}" for n in range(20 - LINES_EACH, 20)))


def test_an_error_of_no_test_is_found_in_the_output() -> None:
    output = "⎯⎯ Unhandled Errors ⎯⎯\n\ncaught 1\n\n⎯⎯⎯ Unhandled Rejection ⎯⎯⎯\nError: late\n" + "more\n" * 20
    assert failures("vitest", None, output)[0].lines[0] == "Error: late"


@pytest.mark.parametrize("number", [1, 2, 8, 12, 57, 58, 59, 1000])
def test_a_list_is_short_however_much_failed(number: int) -> None:
    lines = listed([Failure(f"test {n}", ("x" * 1000,) * 50) for n in range(number)]).splitlines()
    assert lines[0] == "What failed:"
    assert len(lines) <= MOST_LINES
    assert max(map(len, lines)) <= WIDTH
    titles = [line for line in lines if line.startswith("test ")]
    assert titles == [f"test {n}" for n in range(len(titles))]
    if len(titles) < number:
        assert lines[-1] == f"... and {number - len(titles)} more."
    assert (
        sum(line.startswith("    x") for line in lines) == number * LINES_EACH or len(lines) > MOST_LINES - 2 - number
    )


def test_a_name_of_many_lines_is_one_line(tmp_path: Path) -> None:
    xml = '<testsuite><testcase classname="a" name="b&#10;c"><error message="d"/></testcase></testsuite>'
    assert failures("pytest", written(tmp_path, xml), "") == [Failure("pytest: a > b c", ("d",))]
