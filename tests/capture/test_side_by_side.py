"""Work in several threads: all of it is done, what fails is told, and torch's settings stay."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from headscope.capture import pooled
from headscope.capture.masks import causal
from headscope.capture.record import QKRecord, Rules
from headscope.capture.side_by_side import Task, side_by_side, threads_for
from headscope.contract import PoolKind
from headscope.tiles import Check, unchecked

CPU = torch.device("cpu")


@pytest.fixture
def three_threads() -> Iterator[None]:
    usual = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(usual)


class GivenUpError(Exception):
    """Nobody waits."""


def endless(began: threading.Event, ended: list[bool]) -> Task:
    """Return a task that only its check can end, and that tells so."""

    def works(check: Check) -> None:
        began.set()
        try:
            while True:
                check()
        finally:
            ended.append(True)

    return works


def record() -> QKRecord:
    generator = torch.Generator().manual_seed(1)
    query, key = (torch.randn(heads, 900, 8, generator=generator) for heads in (4, 2))
    return QKRecord(query, key, Rules(0.4, visible=causal(900, 900, CPU)))


@pytest.mark.usefixtures("three_threads")
@pytest.mark.parametrize("pool", ["max", "mean"])
@pytest.mark.parametrize("heads", [[2], [3, 0, 1]])
def test_bins_are_those_of_one_thread(heads: list[int], pool: PoolKind, monkeypatch: pytest.MonkeyPatch) -> None:
    edges = np.append(np.arange(0, 900, 7), 900)
    alone = record().pooled(heads, (edges, edges), pool, unchecked)
    names = set()
    values = pooled._Head.values

    def spied(self: pooled._Head) -> torch.Tensor:
        names.add(threading.current_thread().name)
        return values(self)

    monkeypatch.setattr(pooled, "SHARED_SCORES", 1)
    monkeypatch.setattr(pooled._Head, "values", spied)
    shared = record()
    for _ in range(2):  # without norms of the rows, and with them
        np.testing.assert_allclose(shared.pooled(heads, (edges, edges), pool, unchecked), alone, rtol=2e-6, atol=1e-9)
    assert names
    assert all(name.startswith("headscope") for name in names)


@pytest.mark.usefixtures("three_threads")
def test_threads_have_one_core_each_and_torch_keeps_its_own() -> None:
    seen: list[tuple[int, bool]] = []
    side_by_side([lambda _: seen.append((torch.get_num_threads(), torch.is_grad_enabled()))] * 9, 3, unchecked)
    assert seen == [(1, False)] * 9
    assert torch.get_num_threads() == 3
    later: list[int] = []
    other = threading.Thread(target=lambda: later.append(torch.get_num_threads()))
    other.start()
    other.join()
    assert later == [3]
    assert threads_for(CPU) == 3


def test_an_error_ends_the_others_and_is_told() -> None:
    began, ended = threading.Event(), list[bool]()
    works = endless(began, ended)

    def fails(_: Check) -> None:
        began.wait()
        raise ArithmeticError("one of them")

    with pytest.raises(ArithmeticError, match="one of them"):
        side_by_side([works, fails, *[works] * 20], 2, unchecked)
    assert 1 <= len(ended) <= 3  # those that had not begun never do


def test_work_that_nobody_wants_ends() -> None:
    began, ended = threading.Event(), list[bool]()
    works = endless(began, ended)

    def check() -> None:
        if began.is_set():
            raise GivenUpError

    with pytest.raises(GivenUpError):
        side_by_side([works, works], 2, check)
    assert ended
