"""Work in parallel to the user's cells: one thread takes turns at the jobs of all pages and drops cancelled ones."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Hashable
from dataclasses import dataclass
from typing import Any, TypeAlias

LOG = logging.getLogger(__name__)

Answers: TypeAlias = Generator[Any, None, None]
"""Yields the answers to a request one after another, and None between chunks of work."""

TURN_SECONDS = 0.05
"""The longest turn of a job; an answer ends the turn too."""

MAX_UNDER_WAY = 2
"""The most jobs that are interrupted in the middle of an answer.

Each holds memory, and perhaps threads; what one computes, a later job for the same tile finds in the cache.
"""

LINGER_SECONDS = 5.0
"""The time that the thread waits for another job before it ends."""


@dataclass(eq=False)
class Job:
    """A page's request."""

    id: str
    """The id by which the page can cancel it."""
    lane: Hashable | None
    """A newer job in the same lane replaces this one; None for a job without a lane."""
    answers: Answers
    """The work, which only the worker's thread advances or closes."""
    tell: Callable[[Any], None]
    """Sends an answer to the page."""
    failed: Callable[[Exception | None], Any]
    """Returns the answer for an error; None means that the job was dropped."""
    dropped: bool = False
    """Whether the job was cancelled or replaced."""
    under_way: bool = False
    """Whether its last turn ended in the middle of an answer."""

    def take_turn(self) -> bool:
        """Work until there is an answer or the turn is over; return whether work remains."""
        over = time.monotonic() + TURN_SECONDS
        self.under_way = False
        try:
            while not self.dropped:
                answer = next(self.answers)
                if answer is not None:
                    return self._told(answer)
                if time.monotonic() >= over:
                    self.under_way = True
                    return True
            self.answers.close()
            return self._end(None)
        except StopIteration:
            return False
        except Exception as error:
            return self._end(error)

    def _end(self, error: Exception | None) -> bool:
        self._told(self.failed(error))
        return False

    def _told(self, answer: Any) -> bool:
        """Send an answer and return True; if that fails, end the work and return False."""
        try:
            self.tell(answer)
        except Exception:  # the page or its connection is gone; the thread continues with other jobs
            LOG.exception("an answer to a page could not be sent")
            self.answers.close()
            return False
        return True


class Worker:
    """One thread that takes turns at jobs and exists only while there is work.

    All methods may be called from any thread and return at once.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._jobs: deque[Job] = deque()
        self._thread: threading.Thread | None = None
        self._closed = False

    @property
    def thread(self) -> threading.Thread | None:
        """The thread; None if there is none."""
        return self._thread

    def add(self, job: Job) -> None:
        """Add a job; it replaces older jobs in its lane."""
        with self._changed:
            if job.lane is not None:
                self._drop(lambda other: other.lane == job.lane)
            job.dropped = self._closed
            self._jobs.append(job)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="headscope", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def cancel(self, id: str) -> None:
        """Drop the job of an id, if it is not finished."""
        with self._changed:
            self._drop(lambda job: job.id == id)

    def close(self) -> None:
        """Drop all jobs, including those added later; the thread ends after its current chunk of work."""
        with self._changed:
            self._closed = True
            self._drop(lambda _job: True)
            self._changed.notify_all()

    def _drop(self, which: Callable[[Job], bool]) -> None:
        for job in self._jobs:
            if which(job):
                job.dropped = True

    def _run(self) -> None:
        while (job := self._next()) is not None:
            goes_on = job.take_turn()
            with self._changed:
                self._jobs.remove(job)
                if goes_on:
                    self._jobs.append(job)

    def _next(self) -> Job | None:
        """Return the job whose turn it is; return None, and give up the thread, if none arrives in time."""
        with self._changed:
            self._changed.wait_for(lambda: self._jobs or self._closed, LINGER_SECONDS)
            if not self._jobs:
                self._thread = None
                return None
            under_way = [job for job in self._jobs if job.under_way]
            queue = under_way if len(under_way) >= MAX_UNDER_WAY else self._jobs
            # Dropped jobs go first: they take no time, and their pages receive the reply.
            return next((job for job in self._jobs if job.dropped), queue[0])
