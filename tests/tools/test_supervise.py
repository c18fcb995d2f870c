"""No process that a command started remains, however the command ended."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path
from threading import Event

import psutil
import pytest

from supervise import Ending, supervise

DETACHED = """
import os, pathlib, signal
os.setsid()
pathlib.Path(PLACE + ".new").write_text(str(os.getpid()))
os.rename(PLACE + ".new", PLACE)
signal.pause()
"""
"""A program that starts a session of its own, writes its process id to PLACE, and stays."""

PARENT = """
import pathlib, subprocess, sys, time
subprocess.Popen([sys.executable, "-c", {detached!r}], stdout=subprocess.DEVNULL, env={environment})
while not pathlib.Path({place!r}).exists():
    time.sleep(0.01)
print("started", flush=True)
{ending}
"""
"""A check that starts such a program and then runs the code `ending`."""

HANG = "import signal; signal.pause()"
DEAF = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {HANG}"
CRASH = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"


def check(place: Path, ending: str, environment: str = "None") -> list[str]:
    """Return the command of a check that leaves a detached process, and then hangs or ends."""
    detached = DETACHED.replace("PLACE", repr(str(place)))
    code = PARENT.format(detached=detached, place=str(place), ending=ending, environment=environment)
    return [sys.executable, "-c", code]


def running(place: Path) -> bool:
    """Return whether the process that wrote its id to `place` is still running."""
    try:
        return bool(psutil.Process(int(place.read_text())).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "pid"


@pytest.fixture
def run(tmp_path: Path) -> Callable[[Sequence[str]], Ending]:
    """Return a function that supervises a command, with a clock that starts, fast, when the command prints."""
    hours = count()

    def clock() -> float:
        return 3600 * next(hours) if (tmp_path / "log").read_text() else 0

    return lambda command: supervise(command, log=tmp_path / "log", stop=Event(), clock=clock)


@pytest.mark.parametrize("ending", [HANG, DEAF])
@pytest.mark.parametrize("environment", ["None", "{}"])
def test_a_silent_command_is_ended_with_all_it_started(
    run: Callable[..., Ending], place: Path, ending: str, environment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("supervise.GRACE", 0.01 if ending == DEAF else 600)
    outcome = run(check(place, ending, environment))
    assert outcome.status in {-signal.SIGTERM, -signal.SIGKILL}
    assert outcome.stopped
    assert outcome.reason.startswith("Stopped because it printed nothing for 640 seconds")
    assert not running(place)


@pytest.mark.parametrize(("ending", "status"), [(CRASH, -signal.SIGKILL), ("sys.exit(3)", 3), ("", 0)])
def test_a_command_that_ends_by_itself_leaves_no_process(place: Path, tmp_path: Path, ending: str, status: int) -> None:
    outcome = supervise(check(place, ending), log=tmp_path / "log", stop=Event())
    assert outcome == Ending(status)
    assert not running(place)


def test_a_command_that_keeps_printing_is_not_ended(tmp_path: Path) -> None:
    log, hours = tmp_path / "log", count()
    code = f"import pathlib, time\nwhile len(pathlib.Path({str(log)!r}).read_text()) < 5: time.sleep(0.01)"

    def clock() -> float:
        """Let an hour pass and the log grow between two checks."""
        with log.open("a") as output:
            output.write(".")
        return 3600 * next(hours)

    assert supervise([sys.executable, "-c", code], log=log, stop=Event(), clock=clock) == Ending(0)


def test_a_command_that_does_not_exist_says_so(tmp_path: Path) -> None:
    outcome = supervise([str(tmp_path / "nothing")], log=tmp_path / "log", stop=Event())
    assert outcome.status == 1
    assert "could not be started" in outcome.reason
    assert not outcome.stopped


def test_other_processes_keep_running(place: Path, tmp_path: Path) -> None:
    other = subprocess.Popen([sys.executable, "-c", HANG], start_new_session=True)
    try:
        supervise(check(place, CRASH), log=tmp_path / "log", stop=Event())
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()
