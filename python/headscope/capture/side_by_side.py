"""Work in several threads of torch's, each on one core.

Torch spreads each operation over the cores. In a thread that is not the main one this gains nothing where the main one
has done so before: OpenMP then has two teams of threads for the same cores, and they wait for one another at the end of
each operation. Pieces of work that need nothing of each other do not wait.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait

import torch

from headscope.tiles import Check

Task = Callable[[Check], None]
"""A piece of work; it calls the check between chunks."""

MOST_THREADS = 8
CHECK_SECONDS = 0.01
"""How often the thread that waits asks whether the work is still wanted."""


class _StoppedError(Exception):
    """The others have failed, or nobody waits any more."""


def threads_for(device: torch.device) -> int:
    """Return how many threads may work for tensors of a device: as many as torch would take, but a few at most."""
    return min(MOST_THREADS, torch.get_num_threads()) if device.type == "cpu" else 1


def side_by_side(tasks: Sequence[Task], threads: int, check: Check) -> None:
    """Do all tasks, and raise what one of them, or `check`, raises: the others end at their next check.

    Parameters
    ----------
    tasks
        What to do, in any order.
    threads
        How many at a time.
    check
        Called in this thread while the tasks are done in others.
    """
    stopped = threading.Event()

    def go_on() -> None:
        if stopped.is_set():
            raise _StoppedError

    usual = torch.get_num_threads()
    with ThreadPoolExecutor(min(threads, len(tasks)), "headscope", torch.set_num_threads, (1,)) as pool:
        waiting: set[Future[None]] = {pool.submit(_alone, task, go_on) for task in tasks}
        try:
            while waiting:
                check()
                done, waiting = wait(waiting, CHECK_SECONDS, FIRST_EXCEPTION)
                for future in done:
                    future.result()
        finally:
            stopped.set()
            for future in waiting:
                future.cancel()
            # What a thread sets for itself is also what threads that are yet to come begin with.
            torch.set_num_threads(usual)


@torch.no_grad()
def _alone(task: Task, check: Check) -> None:
    check()
    task(check)
