"""Work beside the user's cells: one thread computes what pages wait for, and drops what they no longer wait for."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Iterator
from typing import Any

from headscope.tiles import Check

LOG = logging.getLogger(__name__)

Steps = Callable[[Check], Iterator[Any]]
"""Makes the answers of a job, one at each step; calls the check between chunks of work."""

Tell = Callable[[Any], None]
"""Takes the answers of a job, one after another, in the worker's thread."""

TURN_SECONDS = 0.05
"""A step that takes longer lets others have their turn in between."""

LINGER_SECONDS = 5.0
"""How long the thread waits for more before it ends."""


class DroppedError(Exception):
    """Nobody waits for this work any more."""


class Job:
    """What one page waits for.

    Parameters
    ----------
    id
        What the page cancels it by.
    lane
        At most the newest job of a lane is worked at; None for a job in no lane.
    steps, tell
        What to do, and who takes what comes of it.
    failed
        Makes an answer of an error, None meaning that the job was dropped.
    """

    def __init__(
        self, id: str, lane: Hashable | None, steps: Steps, tell: Tell, failed: Callable[[Exception | None], Any]
    ) -> None:
        self.id, self.lane, self.tell, self.failed = id, lane, tell, failed
        self.dropped = False
        self.began = 0.0
        self._make, self._steps = steps, iter(())

    def begin(self, check: Check) -> None:
        """Get ready for the first step; the check is what the work calls between chunks."""
        self._steps = self._make(check)

    def step(self) -> bool:
        """Do one step and tell what comes of it. Return whether more is to be done."""
        try:
            if self.dropped:
                raise DroppedError
            answer: Any = next(self._steps)
        except StopIteration:
            return False
        except DroppedError:
            return self._end(None)
        except Exception as error:
            return self._end(error)
        return self._told(answer)

    def _end(self, error: Exception | None) -> bool:
        self._steps = iter(())
        self._told(self.failed(error))
        return False

    def _told(self, answer: Any) -> bool:
        try:
            self.tell(answer)
        except Exception:  # whatever carries answers is gone, and the page with it: the thread is there for others
            LOG.exception("an answer to a page could not be sent")
            return False
        return True


class Worker:
    """One thread that takes turns at jobs; it is there only while there is work.

    All its methods may be called from any thread, and return at once.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: deque[Job] = deque()
        self._at_work: list[Job] = []
        self._thread: threading.Thread | None = None
        self._closed = False

    @property
    def jobs(self) -> int:
        """How many jobs are waiting or being worked at."""
        with self._changed:
            return len(self._waiting) + len(self._at_work)

    @property
    def thread(self) -> threading.Thread | None:
        """The thread, None while there is none."""
        return self._thread

    def add(self, job: Job) -> None:
        """Take on a job; it takes the place of older ones in its lane."""
        with self._changed:
            if job.lane is not None:
                self._drop(lambda other: other.lane == job.lane)
            job.dropped = self._closed
            job.begin(lambda: self._between_chunks(job))
            self._waiting.append(job)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="headscope", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def cancel(self, id: str) -> None:
        """Drop a job, if it is still there."""
        with self._changed:
            self._drop(lambda job: job.id == id)

    def close(self) -> None:
        """Drop everything, now and from now on. The thread ends at the end of its chunk of work."""
        with self._changed:
            self._closed = True
            self._drop(lambda _job: True)
            self._changed.notify_all()

    def _drop(self, which: Callable[[Job], bool]) -> None:
        for job in (*self._waiting, *self._at_work):
            if which(job):
                job.dropped = True

    def _run(self) -> None:
        while (job := self._next(LINGER_SECONDS)) is not None:
            self._turn(job)

    def _next(self, patience: float) -> Job | None:
        """Return the job whose turn it is, taken off the line; None, and no thread from now on, where none comes."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed, patience)
            if not self._waiting:
                self._thread = None
                return None
            return self._take()

    def _take(self) -> Job:
        # What was dropped goes first: it costs nothing, and its page is told.
        job = next((job for job in self._waiting if job.dropped), self._waiting[0])
        self._waiting.remove(job)
        self._at_work.append(job)
        return job

    def _turn(self, job: Job) -> None:
        job.began = time.monotonic()
        more = job.step()
        with self._changed:
            self._at_work.remove(job)
            if more:
                self._waiting.append(job)

    def _between_chunks(self, job: Job) -> None:
        """End the step of a job that was dropped; let others have their turn within one that takes long."""
        if job.dropped:
            raise DroppedError
        with self._changed:
            is_long = time.monotonic() - job.began > TURN_SECONDS
            # Two deep at most, so that a job is never held up by one that is itself held up by others.
            other = self._take() if is_long and self._waiting and len(self._at_work) == 1 else None
        if other is not None:
            self._turn(other)
            if job.dropped:
                raise DroppedError
