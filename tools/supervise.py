"""Run a command, and end every process that it started when it is over, however it ended.

A program may start others in sessions of their own (servers, kernels, browsers) and end before they do. While the
command runs, they are found as descendants; afterwards by an environment variable that names the run. If both fail,
Linux makes them children of this process, which ends them with `end_descendants`.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from threading import Event

import psutil

RUNS = "HEADSCOPE_RUNS"
"""The environment variable that names the runs that a process belongs to, outermost first, separated by colons."""

SILENCE = 640.0
"""Seconds without output after which a command counts as hung."""

GRACE = 20.0
"""Seconds that a command has to clean up after SIGTERM."""

LOOK = 0.05
"""Seconds between checks of a running command."""

FAMILY_LOOKS = 40
"""Checks of a running command between searches for the processes that it has started."""

PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True)
class Ending:
    """How a command ended: its exit status, the reason if it was not by itself, and whether it was stopped."""

    status: int
    reason: str = ""
    stopped: bool = False


def adopt_orphans() -> None:
    """Make this process the parent of each descendant whose own parent ends; does nothing except on Linux."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def supervise(
    command: Sequence[str],
    *,
    log: Path,
    stop: Event,
    environment: Mapping[str, str] = os.environ,
    folder: Path | None = None,
    silence: float = SILENCE,
    clock: Callable[[], float] = time.monotonic,
) -> Ending:
    """Run a command until it ends, has printed nothing for too long, or `stop` is set; then end all that it started.

    Parameters
    ----------
    command
        The program and its arguments.
    log
        The file for its output.
    stop
        An event that ends the command.
    environment, folder
        The command's environment and working directory; by default those of this process.
    silence
        The seconds, by `clock`, that the command may be silent; 640 by default.
    clock
        Returns the time in seconds; tests replace it.
    """
    if stop.is_set():
        return Ending(1, "Interrupted before it started.", stopped=True)
    run = uuid.uuid4().hex
    runs = ":".join(filter(None, (environment.get(RUNS), run)))
    with log.open("wb") as output:
        try:
            # In a session of its own, Ctrl-C reaches only the runner, which then ends its checks.
            child = subprocess.Popen(
                command,
                cwd=folder,
                env={**environment, RUNS: runs},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            return Ending(1, f"{command[0]} could not be started: {error}")
        family = Family(run, child.pid)
        try:
            reason = watch(child, family, log=log, stop=stop, silence=silence, clock=clock)
            if reason:
                family.look()
                ask_to_end(child)
        finally:
            family.end()
    return Ending(child.wait(), reason, stopped=bool(reason))


def watch(
    child: subprocess.Popen[bytes],
    family: Family,
    *,
    log: Path,
    stop: Event,
    silence: float,
    clock: Callable[[], float],
) -> str:
    """Wait until a command ends by itself or has to be stopped; return the reason for stopping it, or an empty text."""
    size, heard = 0, clock()
    for look in count():
        if child.poll() is not None:
            return ""
        if stop.wait(LOOK):
            return "Interrupted."
        if look % FAMILY_LOOKS == 0:
            family.look()
        now = clock()
        if (grown := log.stat().st_size) != size:
            size, heard = grown, now
        elif now - heard > silence:
            return (
                f"Stopped because it printed nothing for {silence:.0f} seconds: it hangs, or the machine is too slow."
            )
    raise AssertionError("a count has no end")


def ask_to_end(child: subprocess.Popen[bytes]) -> None:
    """Terminate a command, and kill it if it has not ended within GRACE seconds."""
    child.terminate()
    try:
        child.wait(GRACE)
    except subprocess.TimeoutExpired:
        child.kill()


class Family:
    """The processes of a run: those with its mark in their environment, the command, and all descendants of both."""

    def __init__(self, run: str, root: int) -> None:
        self.run = run
        self.known = {psutil.Process(root)}
        """The processes found so far; they belong to the run even if their parent has ended since."""

    def look(self) -> set[psutil.Process]:
        """Search for new processes, and return all processes of the run that are still running.

        A program that overwrites its environment, as Chromium's helpers do, is found through its parent.
        """
        children = defaultdict(list)
        found = set()
        for process in psutil.process_iter(["ppid", "status"]):
            if process.info["status"] == psutil.STATUS_ZOMBIE or process.pid == os.getpid():
                continue
            children[process.info["ppid"]].append(process)
            if process in self.known or self.run in marks(process):
                found.add(process)
        parents = list(found)
        while parents:
            new = set(children[parents.pop().pid]) - found
            found |= new
            parents += new
        self.known |= found
        return found

    def end(self) -> None:
        """Kill the running processes of the run until none is left."""
        while found := self.look():
            kill(found)


def end_descendants() -> None:
    """Kill all descendants of this process, adopted orphans included."""
    while found := [each for each in psutil.Process().children(recursive=True) if not ended(each)]:
        kill(found)


def kill(processes: Iterable[psutil.Process]) -> None:
    """Kill processes, and wait up to GRACE seconds until they have ended."""
    left = list(processes)
    for process in left:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    deadline = time.monotonic() + GRACE
    # An ended process stays a zombie until its parent waits for it.
    while (left := [each for each in left if not ended(each)]) and time.monotonic() < deadline:
        time.sleep(LOOK)


def ended(process: psutil.Process) -> bool:
    """Return whether a process has ended; a zombie counts as ended."""
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def marks(process: psutil.Process) -> Iterable[str]:
    """Return the runs that a process's environment names; none if it can't be read."""
    try:
        return str(process.environ().get(RUNS, "")).split(":")
    except psutil.Error:
        return ()
