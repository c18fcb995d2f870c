"""Run torch work in several threads, each on one core.

Torch splits each operation among the cores. Outside of the main thread this gains nothing once the main thread has done
so too: OpenMP then has two teams of threads for the same cores, which wait for each other at the end of each operation.
Independent tasks, each in a thread of its own, do not wait.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import closing

import torch

from headscope.data.steps import Steps

MAX_THREADS = 8
STEP_SECONDS = 0.01
"""The time that threads work during one step of `side_by_side`."""


class Gate:
    """A gate at which threads wait between chunks of work."""

    def __init__(self) -> None:
        self._opened = threading.Event()
        self._is_over = False

    def open(self) -> None:
        """Let the threads work."""
        self._opened.set()

    def close(self) -> None:
        """Make each thread wait at the end of its chunk."""
        self._opened.clear()

    def end(self) -> None:
        """Make each thread end at the end of its chunk."""
        self._is_over = True
        self._opened.set()

    def passed(self) -> bool:
        """Wait until the gate is open; return whether to continue."""
        self._opened.wait()
        return not self._is_over


def threads_for(device: torch.device) -> int:
    """Return the number of threads for tensors of a device: torch's own number, at most MAX_THREADS; 1 off the CPU."""
    return min(MAX_THREADS, torch.get_num_threads()) if device.type == "cpu" else 1


def side_by_side(tasks: Sequence[Steps[None]], threads: int) -> Steps[None]:
    """Run all tasks in threads, which work only while this generator is advanced and end when it is closed.

    An error in one task ends the others and is raised by the generator.

    Parameters
    ----------
    tasks
        The tasks, which may run in any order.
    threads
        The number of threads.
    """
    gate = Gate()
    usual = torch.get_num_threads()
    with ThreadPoolExecutor(min(threads, len(tasks)), "headscope", torch.set_num_threads, (1,)) as pool:
        waiting: set[Future[None]] = {pool.submit(_alone, task, gate) for task in tasks}
        try:
            while waiting:
                gate.close()
                yield
                gate.open()
                done, waiting = wait(waiting, STEP_SECONDS, FIRST_EXCEPTION)
                for future in done:
                    future.result()
        finally:
            # Cancel first: a thread that ends its task would begin the next one.
            for future in waiting:
                future.cancel()
            gate.end()
            # set_num_threads in one thread also sets the default of later threads.
            torch.set_num_threads(usual)


@torch.no_grad()
def _alone(task: Steps[None], gate: Gate) -> None:
    with closing(task):
        for _ in task:
            if not gate.passed():
                return
