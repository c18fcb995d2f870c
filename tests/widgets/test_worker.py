"""The worker takes turns between jobs, drops cancelled ones, and runs only while there is work."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from headscope.widgets import worker as module
from headscope.widgets.worker import Answers, Job, Worker

PATIENCE = 10.0


class Page:
    """A page with one request: what it is answered, and a gate that its work waits at before each chunk."""

    def __init__(
        self, worker: Worker, id: str, lane: str | None = None, answers: int = 2, *, gated: bool = False
    ) -> None:
        self.answers: list[Any] = []
        self.chunks = 0
        self.at_gate, self.gate, self.ended = (threading.Event() for _ in range(3))
        if not gated:
            self.gate.set()
        self.job = Job(id, lane, self.work(answers), self.tell, self.failed)
        worker.add(self.job)

    def work(self, answers: int) -> Answers:
        for number in range(answers):
            self.at_gate.set()
            assert self.gate.wait(PATIENCE)
            yield None
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


def nothing(_answer: Any) -> None:
    """Take an answer."""


def end_of(worker: Worker) -> None:
    """Let the worker do what is left, and wait for the end of its thread."""
    thread = worker.thread
    if thread is not None:
        thread.join(PATIENCE)
        assert not thread.is_alive()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the thread end as soon as there is no work."""
    monkeypatch.setattr(module, "LINGER_SECONDS", 0.0)


def test_a_job_is_done_step_by_step_in_another_thread(worker: Worker) -> None:
    threads = []

    def work() -> Answers:
        threads.append(threading.current_thread())
        yield "done"

    page = Page(worker, "a", gated=True)
    worker.add(Job("b", None, work(), lambda _: threads.append(threading.current_thread()), str))
    page.gate.set()
    assert page.all_answers() == [0, 1, "done"]
    assert threads == [worker.thread] * 2


def test_a_cancelled_job_leaves_no_work(worker: Worker) -> None:
    page = Page(worker, "a", gated=True)
    assert page.at_gate.wait(PATIENCE)
    worker.cancel("a")
    page.gate.set()
    assert (page.all_answers(), page.chunks) == (["cancelled"], 0)
    assert list(page.job.answers) == []


@pytest.mark.usefixtures("impatient")
def test_a_dropped_job_cleans_up_in_the_thread_of_the_worker(worker: Worker) -> None:
    begun, wanted, cleaned = threading.Event(), threading.Event(), list[threading.Thread]()

    def work() -> Answers:
        try:
            begun.set()
            assert wanted.wait(PATIENCE)
            while True:
                yield None
        finally:
            cleaned.append(threading.current_thread())

    worker.add(Job("a", None, work(), nothing, Page.failed))
    assert begun.wait(PATIENCE)
    thread = worker.thread
    worker.cancel("a")
    wanted.set()
    end_of(worker)
    assert cleaned == [thread]


def test_a_view_has_one_running_job_and_the_newest_waits(worker: Worker) -> None:
    pages = [Page(worker, "0", "view", gated=True)]
    assert pages[0].at_gate.wait(PATIENCE)
    pages += [Page(worker, str(n), "view") for n in range(1, 5)]
    other = Page(worker, "other", "another view")
    pages[0].gate.set()
    assert [page.all_answers() for page in pages] == [["cancelled"]] * 4 + [[0, 1, "done"]]
    assert [page.chunks for page in pages] == [0, 0, 0, 0, 2]
    assert other.all_answers() == [0, 1, "done"]


@pytest.mark.usefixtures("impatient")
def test_an_answer_ends_a_turn(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TURN_SECONDS", PATIENCE)
    assert take_turns(worker) == ["a0", "a1", "b0", "b1"] * 2


@pytest.mark.usefixtures("impatient")
def test_a_long_job_lets_others_have_their_turn(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TURN_SECONDS", 0.0)
    assert take_turns(worker) == ["a0", "b0", "a1", "b1"] * 2


@pytest.mark.usefixtures("impatient")
def test_at_most_two_jobs_are_interrupted_within_an_answer(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TURN_SECONDS", 0.0)
    order = take_turns(worker, "abcd")
    started: set[str] = set()
    for name, chunk in order:
        (started.add if chunk == "0" else started.remove)(name)
        assert len(started) <= 2
    assert sorted(order) == sorted(f"{name}{chunk}" for name in "abcd" for chunk in "0101")


def take_turns(worker: Worker, names: str = "ab") -> list[str]:
    """Return the order in which jobs do their chunks: two answers each, of two chunks."""
    order: list[str] = []

    def work(name: str) -> Answers:
        for _ in range(2):
            order.append(f"{name}0")
            yield None
            order.append(f"{name}1")
            yield name

    first = Page(worker, "first", answers=1, gated=True)
    assert first.at_gate.wait(PATIENCE)
    for name in names:
        worker.add(Job(name, None, work(name), nothing, str))
    first.gate.set()
    end_of(worker)
    return order


def test_errors_are_answered_and_the_next_job_is_done(worker: Worker) -> None:
    def work() -> Answers:
        yield 1
        raise ValueError("no such thing")

    answers: list[Any] = []
    worker.add(Job("a", None, work(), answers.append, Page.failed))
    assert Page(worker, "b").all_answers() == [0, 1, "done"]
    assert answers == [1, "error: no such thing"]


@pytest.mark.usefixtures("impatient")
def test_a_closed_page_ends_only_its_job(worker: Worker, caplog: pytest.LogCaptureFixture) -> None:
    def tell(_answer: Any) -> None:
        raise OSError("closed")

    numbers = (number for number in range(1000))
    first = Page(worker, "first", gated=True)
    worker.add(Job("a", None, numbers, tell, Page.failed))
    first.gate.set()
    assert Page(worker, "b").all_answers() == [0, 1, "done"]
    end_of(worker)
    assert list(numbers) == []
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


def test_the_thread_waits_for_more_work(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LINGER_SECONDS", None)
    assert Page(worker, "a").all_answers() == [0, 1, "done"]
    thread = worker.thread
    assert Page(worker, "b").all_answers() == [0, 1, "done"]
    assert worker.thread is thread is not None


@pytest.mark.usefixtures("impatient")
def test_the_thread_ends_without_work_and_starts_again(worker: Worker) -> None:
    assert Page(worker, "a").all_answers() == [0, 1, "done"]
    end_of(worker)
    assert worker.thread is None
    assert Page(worker, "b").all_answers() == [0, 1, "done"]
