"""Work in several threads: all tasks run, errors are raised, and torch's settings are restored."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing

import numpy as np
import pytest
import torch

from headscope.contract import PoolKind
from headscope.data.steps import Steps, finish
from headscope.tracing.qk import pooled
from headscope.tracing.qk.masks import causal
from headscope.tracing.qk.record import QKRecord
from headscope.tracing.qk.tensors import Rules
from headscope.tracing.qk.threads import side_by_side, threads_for

CPU = torch.device("cpu")


@pytest.fixture
def three_threads() -> Iterator[None]:
    usual = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(usual)


def endless(began: threading.Event, ended: list[str]) -> Steps[None]:
    """Return a task that ends only when it is closed, and then records the name of its thread."""
    try:
        while True:
            yield
            began.set()
    finally:
        ended.append(threading.current_thread().name)


def record() -> QKRecord:
    generator = torch.Generator().manual_seed(1)
    query, key = (torch.randn(heads, 900, 8, generator=generator) for heads in (4, 2))
    return QKRecord(query, key, Rules(0.4, visible=causal(900, 900, CPU)))


@pytest.mark.usefixtures("three_threads")
@pytest.mark.parametrize("pool", ["max", "mean"])
@pytest.mark.parametrize("heads", [[2], [3, 0, 1]])
def test_bins_are_those_of_one_thread(heads: list[int], pool: PoolKind, monkeypatch: pytest.MonkeyPatch) -> None:
    edges = np.append(np.arange(0, 900, 7), 900)
    alone = finish(record().pooled(heads, (edges, edges), pool))
    names = set()
    values = pooled._Head.values

    def spied(self: pooled._Head) -> Steps[torch.Tensor]:
        names.add(threading.current_thread().name)
        return (yield from values(self))

    monkeypatch.setattr(pooled, "SHARED_SCORES", 1)
    monkeypatch.setattr(pooled._Head, "values", spied)
    shared = record()
    for _ in range(2):  # first without cached row norms, then with them
        found = finish(shared.pooled(heads, (edges, edges), pool))
        np.testing.assert_allclose(found, alone, rtol=2e-6, atol=1e-9)
    assert names
    assert all(name.startswith("headscope") for name in names)


@pytest.mark.usefixtures("three_threads")
def test_threads_have_one_core_each_and_torch_keeps_its_own() -> None:
    seen: list[tuple[int, bool]] = []

    def works() -> Steps[None]:
        yield
        seen.append((torch.get_num_threads(), torch.is_grad_enabled()))

    finish(side_by_side([works() for _ in range(9)], 3))
    assert seen == [(1, False)] * 9
    assert torch.get_num_threads() == 3
    later: list[int] = []
    other = threading.Thread(target=lambda: later.append(torch.get_num_threads()))
    other.start()
    other.join()
    assert later == [3]
    assert threads_for(CPU) == 3


def test_an_error_ends_the_others_and_is_raised() -> None:
    began, ended = threading.Event(), list[str]()

    def fails() -> Steps[None]:
        yield
        began.wait()
        raise ArithmeticError("one of them")

    with pytest.raises(ArithmeticError, match="one of them"):
        finish(side_by_side([endless(began, ended), fails(), *(endless(began, ended) for _ in range(20))], 2))
    assert 1 <= len(ended) <= 3  # tasks that had not begun never begin


def test_closing_ends_the_threads() -> None:
    began, ended = threading.Event(), list[str]()
    others = set(threading.enumerate())
    with closing(side_by_side([endless(began, ended) for _ in range(2)], 2)) as steps:
        while not began.is_set():
            next(steps)
    assert ended
    assert all(name.startswith("headscope") for name in ended)
    assert set(threading.enumerate()) <= others


def test_threads_work_only_while_they_are_advanced() -> None:
    began, ended = threading.Event(), list[str]()
    ready = [threading.Event() for _ in range(2)]

    def works(mine: threading.Event) -> Steps[None]:
        mine.set()
        yield from endless(began, ended)

    with closing(side_by_side([works(event) for event in ready], 2)) as steps:
        next(steps)
        assert all(event.wait(10) for event in ready)
        assert not began.is_set()
        while not began.is_set():
            next(steps)
