"""Many model types in processes of their own: a crash or a hang ends one type, not the run."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

from zoo.every.judge import Outcome

PATIENCE = 240.0
"""The seconds that one type may take."""
TESTS = Path(__file__).parents[2]
PYTHON = TESTS.parents[1] / "python"


def run_all(
    kinds: Sequence[str], workers: int = 2, told: Callable[[str, list[Outcome]], None] | None = None
) -> list[Outcome]:
    """Run every case of these types and return the outcomes, in the order of the types."""
    waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
    for kind in kinds:
        waiting.put(kind)
    found: dict[str, list[Outcome]] = {}

    def work() -> None:
        worker = Worker()
        try:
            while True:
                try:
                    kind = waiting.get_nowait()
                except queue.Empty:
                    return
                found[kind] = worker.run(kind)
                if told is not None:
                    told(kind, found[kind])
        finally:
            worker.end()

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [outcome for kind in kinds for outcome in found.get(kind, [])]


class Worker:
    """A process that runs types one after another; after a crash or a hang, a new one takes its place."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[str] | None = None
        self.lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()

    def run(self, kind: str) -> list[Outcome]:
        """Run one type."""
        if self.process is None:
            self._start()
        assert self.process is not None
        assert self.process.stdin is not None
        self.process.stdin.write(f"{kind}\n")
        self.process.stdin.flush()
        found: list[Outcome] = []
        while True:
            try:
                line = self.lines.get(timeout=PATIENCE)
            except queue.Empty:
                self.end()
                return [*found, _ended(kind, f"took longer than {PATIENCE:.0f} s")]
            if line is None:
                code = self.process.wait()
                self.end()
                return [*found, _ended(kind, f"ended its process with status {code}")]
            told = json.loads(line)
            if told is None:
                return found
            found.append(outcome_of(told))

    def _start(self) -> None:
        path = os.pathsep.join([str(TESTS), str(PYTHON)])
        environment = {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "zoo.every.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
        )
        self.lines = queue.SimpleQueue()
        threading.Thread(target=_read, args=(self.process.stdout, self.lines), daemon=True).start()

    def end(self) -> None:
        """End the process."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


def _read(lines: IO[str], into: queue.SimpleQueue[str | None]) -> None:
    for line in lines:
        if line.startswith(("{", "null")):
            into.put(line)
    into.put(None)


def _ended(kind: str, why: str) -> Outcome:
    return Outcome(kind, "", "", "crash", why)


def outcome_of(told: dict[str, Any]) -> Outcome:
    """Return an outcome from its JSON."""
    whole: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in told.items()}
    return Outcome(**whole)
