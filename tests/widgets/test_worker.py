"""The worker takes turns, drops what nobody waits for, and is there only while there is work."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from headscope.tiles import Check
from headscope.widgets import worker as module
from headscope.widgets.worker import Job, Worker

PATIENCE = 10.0


class Page:
    """What one request is answered, and a gate that its work waits at before each chunk."""

    def __init__(
        self, worker: Worker, id: str, lane: str | None = None, answers: int = 2, *, gated: bool = False
    ) -> None:
        self.answers: list[Any] = []
        self.chunks = 0
        self.at_gate, self.gate, self.ended = (threading.Event() for _ in range(3))
        if not gated:
            self.gate.set()
        worker.add(Job(id, lane, lambda check: self.steps(check, answers), self.tell, self.failed))

    def steps(self, check: Check, answers: int) -> Iterator[Any]:
        for number in range(answers):
            self.at_gate.set()
            assert self.gate.wait(PATIENCE)
            check()
            self.chunks += 1
            yield number
        yield "done"

    def tell(self, answer: Any) -> None:
        self.answers.append(answer)
        if isinstance(answer, str):
            self.ended.set()

    @staticmethod
    def failed(error: Exception | None) -> str:
        return "cancelled" if error is None else f"error: {error}"

    def all_answers(self) -> list[Any]:
        assert self.ended.wait(PATIENCE)
        return self.answers


@pytest.fixture
def worker() -> Iterator[Worker]:
    worker = Worker()
    yield worker
    worker.close()


def when(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    for _ in range(int(PATIENCE * 1000)):
        if holds():
            return
        threading.Event().wait(0.001)
    raise AssertionError("it never came to hold")


def test_a_job_is_done_step_by_step_in_another_thread(worker: Worker) -> None:
    threads = []
    page = Page(worker, "a")
    worker.add(Job("b", None, lambda _check: iter(["done"]), lambda _: threads.append(threading.current_thread()), str))
    assert page.all_answers() == [0, 1, "done"]
    when(lambda: worker.jobs == 0)
    assert threads == [worker.thread]


def test_a_cancelled_job_leaves_no_work(worker: Worker) -> None:
    page = Page(worker, "a", gated=True)
    assert page.at_gate.wait(PATIENCE)
    worker.cancel("a")
    page.gate.set()
    assert (page.all_answers(), page.chunks) == (["cancelled"], 0)
    when(lambda: worker.jobs == 0)


def test_of_a_view_the_newest_waits_and_one_is_worked_at(worker: Worker) -> None:
    pages = [Page(worker, "0", "view", gated=True)]
    assert pages[0].at_gate.wait(PATIENCE)
    pages += [Page(worker, str(n), "view") for n in range(1, 5)]
    other = Page(worker, "other", "another view")
    pages[0].gate.set()
    assert [page.all_answers() for page in pages] == [["cancelled"]] * 4 + [[0, 1, "done"]]
    assert [page.chunks for page in pages] == [0, 0, 0, 0, 2]
    assert other.all_answers() == [0, 1, "done"]


def test_jobs_take_turns(worker: Worker) -> None:
    order: list[str] = []

    def steps(name: str) -> Iterator[str]:
        for _ in range(3):
            order.append(name)
            yield name

    first = Page(worker, "first", gated=True)
    assert first.at_gate.wait(PATIENCE)
    for name in "ab":
        worker.add(Job(name, None, lambda _check, name=name: steps(name), lambda _answer: None, str))
    first.gate.set()
    when(lambda: worker.jobs == 0)
    assert order == ["a", "b"] * 3


def test_within_a_long_step_others_have_their_turn(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TURN_SECONDS", 0.0)
    begun, done = threading.Event(), threading.Event()
    other: list[Page] = []

    def steps(check: Check) -> Iterator[Any]:
        begun.set()
        while not (other and other[0].ended.is_set()):
            check()
        yield "long"

    worker.add(Job("long", None, steps, lambda _answer: done.set(), str))
    assert begun.wait(PATIENCE)
    other.append(Page(worker, "short"))
    assert other[0].all_answers() == [0, 1, "done"]
    assert done.wait(PATIENCE)


def test_errors_are_answered_and_the_next_job_is_done(worker: Worker) -> None:
    def steps(_check: Check) -> Iterator[Any]:
        yield 1
        raise ValueError("no such thing")

    answers: list[Any] = []
    worker.add(Job("a", None, steps, answers.append, Page.failed))
    assert Page(worker, "b").all_answers() == [0, 1, "done"]
    assert answers == [1, "error: no such thing"]


def test_a_page_that_is_gone_ends_its_job_alone(worker: Worker, caplog: pytest.LogCaptureFixture) -> None:
    def tell(_answer: Any) -> None:
        raise OSError("closed")

    worker.add(Job("a", None, lambda _check: iter(range(1000)), tell, Page.failed))
    assert Page(worker, "b").all_answers() == [0, 1, "done"]
    when(lambda: worker.jobs == 0)
    assert [record.message for record in caplog.records] == ["an answer to a page could not be sent"]


def test_closing_ends_the_work_and_the_thread(worker: Worker) -> None:
    pages = [Page(worker, "a", gated=True), Page(worker, "b")]
    assert pages[0].at_gate.wait(PATIENCE)
    thread = worker.thread
    assert thread is not None
    worker.close()
    pages[0].gate.set()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert [page.all_answers() for page in pages] == [["cancelled"]] * 2
    assert Page(worker, "late").all_answers() == ["cancelled"]


def test_the_thread_ends_when_there_is_no_work_and_comes_back(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LINGER_SECONDS", 0.01)
    assert Page(worker, "a").all_answers() == [0, 1, "done"]
    when(lambda: worker.thread is None)
    assert Page(worker, "b").all_answers() == [0, 1, "done"]
