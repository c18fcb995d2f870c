"""The runner of all checks: what it counts, and that it leaves no process when it is interrupted."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from time import sleep

import psutil
import pytest

import run_tests
from run_tests import Check, Outcome, count, describe, summary
from unfinished import FAILED, PASSED

DRIVER = """
import signal, sys
from pathlib import Path
sys.path.insert(0, {tools!r})
import run_tests
run_tests.REPORTS = Path({folder!r})
code = {child!r}
checks = [run_tests.Check(name, (sys.executable, "-c", code, name)) for name in ("one", "two", "three")]
print(run_tests.run_all([checks[:2], checks[2:]]))
"""
"""A run of two stages, with two checks and with one."""

CHILD = """
import os, pathlib, signal, subprocess, sys
code = "import os, signal; os.setsid(); print(os.getpid(), flush=True); signal.pause()"
detached = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env={})
place = pathlib.Path(FOLDER, sys.argv[1] + ".pid")
place.with_suffix(".new").write_text(detached.stdout.readline())
place.with_suffix(".new").rename(place)
"""
"""A check that starts a process with its own session and environment."""

ENDINGS = (("one", "Interrupted."), ("two", "Interrupted."), ("three", "Interrupted before it started."))


def driver(folder: Path, ending: str) -> subprocess.Popen[str]:
    """Start a run of three checks; each starts a detached process and then runs the code `ending`."""
    child = f"FOLDER = {str(folder)!r}\n{CHILD}\n{ending}"
    code = DRIVER.format(tools=str(Path(run_tests.__file__).parent), folder=str(folder), child=child)
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)


def running(place: Path) -> bool:
    """Return whether the process that wrote its id to `place` is still running."""
    try:
        return bool(psutil.Process(int(place.read_text())).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_run_leaves_no_process(tmp_path: Path, number: signal.Signals) -> None:
    run = driver(tmp_path, "signal.pause()")
    places = [tmp_path / "one.pid", tmp_path / "two.pid"]
    while not all(place.exists() for place in places):
        assert run.poll() is None
        sleep(0.01)
    run.send_signal(number)
    output, _ = run.communicate()
    lines = output.splitlines()
    assert lines.count("Interrupted.") == 2
    assert lines.count("Interrupted before it started.") == 1
    assert lines[-9:-2] == ["Not finished:", *(line for name, reason in ENDINGS for line in (name, f"    {reason}"))]
    assert lines[-2:] == ["0 passed, 0 failed, 3 not finished", "1"]
    assert not any(running(place) for place in places)
    assert not (tmp_path / "three.pid").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux makes orphans children of the runner")
def test_an_orphan_without_a_mark_is_ended(tmp_path: Path) -> None:
    run = driver(tmp_path, "os.kill(os.getpid(), signal.SIGKILL)")
    output, _ = run.communicate()
    assert output.splitlines()[-2:] == ["0 passed, 3 failed", "1"]
    assert not any(running(tmp_path / f"{name}.pid") for name in ("one", "two", "three"))


def report(folder: Path, cases: str) -> Check:
    """Return a check whose report holds these test cases."""
    path = folder / "report.xml"
    path.write_text(f"<testsuites><testsuite>{cases}</testsuite></testsuites>")
    return Check("name", ("true",), path)


@pytest.mark.parametrize(
    ("cases", "code", "counts"),
    [
        ("<testcase/><testcase/>", 0, (2, 0)),
        ("<testcase/><testcase><failure/></testcase><testcase><error/></testcase>", 1, (1, 2)),
        ("<testcase/><testcase><skipped/></testcase>", 0, (1, 0)),
        ("<testcase/>", 1, (0, 1)),
        ("", 0, (0, 1)),
        ("<testcase", 1, (0, 1)),
    ],
)
def test_tests_are_counted_from_a_report(tmp_path: Path, cases: str, code: int, counts: tuple[int, int]) -> None:
    assert count(report(tmp_path, cases), code) == counts


def test_a_failed_run_ends_with_what_failed_before_its_sums(tmp_path: Path) -> None:
    path = tmp_path / "report.xml"
    case = '<testcase classname="tests.test_a" name="test_b"><failure>t.py:1: in test_b&#10;E   no</failure></testcase>'
    xml = f"<suite><testcase/>{case}</suite>"
    child = f"import pathlib, sys; pathlib.Path({str(path)!r}).write_text({xml!r}); sys.exit(1)"
    driver = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(Path(run_tests.__file__).parent)!r})
import run_tests
run_tests.REPORTS = Path({str(tmp_path)!r})
run_tests.run_all([[run_tests.Check("one", (sys.executable, "-c", {child!r}), Path({str(path)!r}))]])
"""
    output = subprocess.run([sys.executable, "-c", driver], stdout=subprocess.PIPE, text=True, check=True).stdout
    listed = ["What failed:", "one: tests.test_a > test_b", "    t.py:1: in test_b", "    no"]
    assert output.splitlines()[-5:] == [*listed, "1 passed, 1 failed"]


def test_a_check_without_a_report_is_one_test(tmp_path: Path) -> None:
    assert count(Check("name", ("true",)), 0) == (1, 0)
    assert count(Check("name", ("true",)), 2) == (0, 1)
    assert count(Check("name", ("true",), tmp_path / "missing.xml"), 0) == (0, 1)


def test_the_output_of_a_failed_check_is_shown() -> None:
    check = Check("mypy", ("mypy",))
    assert describe(Outcome(check, 1, 0, 2.0, "Success")) == "ok      mypy               2 s"
    assert describe(Outcome(check, 0, 1, 2.0, "error\n")) == "FAILED  mypy               2 s\nerror\n"


def test_a_check_that_was_stopped_is_not_finished_and_names_what_did_not_run() -> None:
    (browser,) = next(stage for stage in run_tests.STAGES if stage[0].name == "browser")
    output = f" {PASSED} ui-tests/head.test.ts > a > b 12ms\n {FAILED} ui-tests/text.test.ts > c 9ms\n"
    outcome = Outcome(browser, 1, 0, 300.0, output, "Stopped.")
    assert describe(outcome).startswith("CUT     browser          300 s  1 passed, 0 failed\n")
    lines = summary([Outcome(Check("mypy", ("mypy",)), 1, 0, 2.0, ""), outcome]).splitlines()
    assert lines[:3] == ["Not finished:", "browser", "    Stopped."]
    assert lines[-1] == "2 passed, 0 failed, 1 not finished"
    named = " ".join(line.strip() for line in lines[3:-1])
    assert named.startswith("Not run: accessibility.test.ts, ")
    assert " head.test.ts" not in named
    assert " text.test.ts" not in named
    assert "What failed:" not in lines


def test_an_unknown_name_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_tests.main(["nothing"]) == 2
    assert "No check is named nothing. The checks are: install, mypy" in capsys.readouterr().out
