"""Tiles and other slow requests are answered by another thread, each reply as soon as it is computed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

from headscope import AttentionMap, Capture
from headscope.contract import MESSAGE_BYTES
from headscope.tracing.qk import pooled
from headscope.tracing.qk.masks import causal
from headscope.tracing.qk.record import QKRecord
from headscope.tracing.qk.tensors import Rules
from headscope.widgets.store import Store, store_of
from headscope.wire.blocks import decode_blocks

SIZE, HEADS, PATIENCE = 600, 18, 20.0


@pytest.fixture
def capture() -> Capture:
    generator = torch.Generator().manual_seed(2)
    query, key = torch.randn(HEADS, SIZE, 8, generator=generator), torch.randn(3, SIZE, 8, generator=generator)
    record = QKRecord(query, key, Rules(0.4, visible=causal(SIZE, SIZE, torch.device("cpu"))))
    return Capture([AttentionMap("self", [record], ["x"] * SIZE, ["x"] * SIZE)], "test")


class Sent:
    """The messages that a store has sent, by request."""

    def __init__(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        self._changed = threading.Condition()
        self._messages: list[tuple[dict[str, Any], list[bytes]]] = []
        self.threads: set[str] = set()
        monkeypatch.setattr(store, "send", self._take)

    def _take(self, message: dict[str, Any], buffers: list[bytes]) -> None:
        with self._changed:
            self._messages.append((message, buffers))
            self.threads.add(threading.current_thread().name)
            self._changed.notify_all()

    def for_(self, id: str) -> list[tuple[dict[str, Any], list[bytes]]]:
        return [reply for reply in self._messages if reply[0]["id"] == id]

    def all_for(self, id: str) -> list[tuple[dict[str, Any], list[bytes]]]:
        """Wait for the last message of a request, and return all of them."""

        def ended() -> bool:
            return any(message["type"] in ("error", "cancelled") or message.get("done") for message, _ in self.for_(id))

        with self._changed:
            assert self._changed.wait_for(ended, PATIENCE)
            return self.for_(id)


@pytest.fixture
def store(capture: Capture) -> Iterator[Store]:
    store = store_of(capture)
    yield store
    store.close()


@pytest.fixture
def sent(store: Store, monkeypatch: pytest.MonkeyPatch) -> Sent:
    return Sent(store, monkeypatch)


def ask(store: Store, id: str, tiles: Any, view: str = "view", **more: Any) -> None:
    request = {"map": "self", "layer": 0, "heads": [0], "pool": "max", "tiles": tiles, **more}
    store._handle_custom_msg({"type": "tiles", "id": id, "view": view, "request": request}, [])


def test_tiles_come_in_the_order_asked_for(capture: Capture, store: Store, sent: Sent) -> None:
    ask(store, "a", [[2, 0, 0], [0, 2, 1], [0, 0, 1]], heads=[4, 1])
    (accepted, nothing), *tiles, (last, _) = sent.all_for("a")
    assert (accepted, nothing) == ({"type": "accepted", "id": "a", "seen": [[0, 256], [0, 512], [0, 600]]}, [])
    assert last == {"type": "blocks", "id": "a", "done": True}
    frames = [[next(decode_blocks(buffer)) for buffer in buffers] for _, buffers in tiles]
    headers: Any = [[header for header, _ in tile] for tile in frames]
    assert [[(h["level"], h["row"], h["column"], h["heads"], h["blank"]) for h in tile] for tile in headers] == [
        [(2, 0, 0, [4], False), (2, 0, 0, [1], False)],
        [(0, 2, 1, [4], False), (0, 2, 1, [1], False)],
        [(0, 0, 1, [4], True), (0, 0, 1, [1], True)],
    ]
    exact = capture.maps["self"].block(0, [4, 1], slice(512, 600), slice(256, 512))
    for (_, values), wanted in zip(frames[1], exact, strict=True):
        np.testing.assert_allclose(values[0], wanted, rtol=5e-4, atol=1e-7)
    assert sent.threads == {threading.current_thread().name, "headscope"}


def ask_excerpt(store: Store, id: str, **more: Any) -> None:
    whole = [[0, 300], [300, SIZE]]
    request = {"map": "self", "layer": 0, "heads": [0], "queries": whole, "keys": whole, "without": [], **more}
    store._handle_custom_msg({"type": "excerpt", "id": id, "view": "view", "request": request}, [])


def test_an_excerpt_has_one_frame_per_head(capture: Capture, store: Store, sent: Sent) -> None:
    queries, keys = [[7, 8], [8, 9]], [[0, 5], [6, 7], [7, SIZE]]
    ask_excerpt(store, "a", heads=[4, 1], queries=queries, keys=keys, without=[0, 1, 2, 3])
    (accepted, _), *parts, (last, _) = sent.all_for("a")
    assert accepted == {"type": "accepted", "id": "a", "seen": []}
    assert last == {"type": "blocks", "id": "a", "done": True}
    frames: Any = [frame for _, buffers in parts for buffer in buffers for frame in decode_blocks(buffer)]
    assert [(h["kind"], h["heads"], h["queries"], h["keys"]) for h, _ in frames] == [
        ("excerpt", [4], [0, 2], [0, 3]),
        ("excerpt", [1], [0, 2], [0, 3]),
    ]
    exact = capture.maps["self"].excerpt(0, [4, 1], queries, keys, without=[0, 2])
    np.testing.assert_allclose([values[0] for _, values in frames], exact, rtol=5e-4, atol=1e-7)
    assert sent.threads == {threading.current_thread().name, "headscope"}


@pytest.mark.parametrize(
    ("more", "message"),
    [({"heads": [HEADS]}, "has 18 heads"), ({"keys": [[5, SIZE + 1]]}, "within 0 to 600"), ({"keys": 3}, "TypeError")],
)
def test_invalid_excerpts_are_refused(store: Store, sent: Sent, more: dict[str, Any], message: str) -> None:
    ask_excerpt(store, "a", **more)
    reply, _ = sent.all_for("a")[-1]
    assert (reply["type"], message in reply["message"]) == ("error", True)


def test_no_message_is_too_large(store: Store, sent: Sent) -> None:
    ask(store, "a", [[0, 1, 0]], heads=list(range(HEADS)))
    sizes = [sum(map(len, buffers)) for _, buffers in sent.all_for("a")]
    assert len(sizes) == 4
    assert max(sizes) <= MESSAGE_BYTES


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Block the computation of a chunk until the gate is opened."""
    opened, reached = threading.Event(), threading.Event()
    chunks: list[slice] = []
    fill = pooled._Head._fill

    def wait(head: Any, bins: slice, rows: slice) -> None:
        reached.set()
        assert opened.wait(PATIENCE)
        chunks.append(rows)
        fill(head, bins, rows)

    monkeypatch.setattr(pooled, "FIRST_SCORES", SIZE * 10)
    monkeypatch.setattr(pooled, "MIN_SCORES", SIZE * 10)
    monkeypatch.setattr(pooled, "STEP_SECONDS", 0.0)
    monkeypatch.setattr(pooled._Head, "_fill", wait)
    yield type("Gate", (), {"opened": opened, "reached": reached, "chunks": chunks})
    opened.set()


def test_a_newer_request_of_a_view_replaces_the_older(store: Store, sent: Sent, gate: Any) -> None:
    ask(store, "old", [[0, 0, 0]])
    assert gate.reached.wait(PATIENCE)
    for id_ in ("between", "new"):
        ask(store, id_, [[0, 2, 2]])
    gate.opened.set()
    assert [message["type"] for message, _ in sent.all_for("new")] == ["accepted", "blocks", "blocks"]
    for id_ in ("old", "between"):
        assert [message["type"] for message, _ in sent.all_for(id_)] == ["accepted", "cancelled"]
    assert [rows.start < 256 for rows in gate.chunks].count(True) == 1


def test_a_cancelled_request_leaves_no_work(store: Store, sent: Sent, gate: Any) -> None:
    ask(store, "a", [[0, 0, 0], [0, 1, 1]])
    assert gate.reached.wait(PATIENCE)
    store._handle_custom_msg({"type": "cancel", "id": "a"}, [])
    gate.opened.set()
    assert [message["type"] for message, _ in sent.all_for("a")] == ["accepted", "cancelled"]
    assert len(gate.chunks) == 1
    assert store.cached_nbytes == 0


def test_the_selection_moves_while_tiles_are_computed(store: Store, sent: Sent, gate: Any) -> None:
    ask(store, "a", [[0, 0, 0]])
    assert gate.reached.wait(PATIENCE)
    store.set_state({"heads": [2]})
    assert store.heads == [2]
    gate.opened.set()
    assert sent.all_for("a")[-1][0]["done"]


def test_overviews_and_blocks_can_be_deferred(capture: Capture, store: Store, sent: Sent) -> None:
    for kind in ("overview", "block"):
        request = {"kind": kind, "map": "self", "layer": 0, "heads": [3, 5]}
        store._handle_custom_msg({"type": "request", "id": kind, "later": True, "view": "", "request": request}, [])
    (accepted, _), *overviews, _ = sent.all_for("overview")
    assert accepted == {"type": "accepted", "id": "overview", "seen": []}
    found = [values[0] for _, [buffer] in overviews for _, values in decode_blocks(buffer)]
    exact = capture.maps["self"].overview(0, [3, 5])
    np.testing.assert_allclose(found, exact, rtol=0.0125, atol=1e-7)  # rounded up
    np.testing.assert_allclose(np.max(found, axis=(1, 2)), exact.max((1, 2)), rtol=5e-4)
    blocks = [block for _, buffers in sent.all_for("block") for buffer in buffers for block in decode_blocks(buffer)]
    assert sum(values.size for _, values in blocks) == 2 * SIZE * SIZE


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"map": "cross"}, "no attention map 'cross'"),
        ({"heads": [HEADS]}, "has 18 heads"),
        ({"tiles": [[0, 3, 0]]}, "row 3 is out of range"),
        ({"tiles": [[0, 0]]}, "TypeError"),
        ({"tiles": None}, "TypeError"),
        ({"pool": "sum"}, "pool is 'sum'"),
    ],
)
def test_every_bad_request_is_answered(store: Store, sent: Sent, more: dict[str, Any], message: str) -> None:
    ask(store, "a", **{"tiles": [[0, 0, 0]], **more})
    reply, _ = sent.all_for("a")[-1]
    assert reply["type"] == "error"
    assert message in reply["message"]


@pytest.mark.parametrize("content", [{"type": "tiles"}, {"type": "tiles", "request": 3}, {"type": "cancel"}])
def test_a_message_that_is_no_request_harms_nothing(store: Store, sent: Sent, content: dict[str, Any]) -> None:
    store._handle_custom_msg({"id": "a", **content}, [])
    assert [message["type"] for message, _ in sent.for_("a")] == (["error"] if content["type"] == "tiles" else [])


def test_the_cache_has_a_limit(store: Store, sent: Sent) -> None:
    ask(store, "a", [[0, 0, 0], [0, 1, 0], [0, 2, 0]])
    sent.all_for("a")
    assert 0 < store.cached_nbytes <= store.cache_bytes == 256 * 1024**2
    store.cache_bytes = 140_000
    assert 0 < store.cached_nbytes <= 140_000


def test_a_store_can_be_closed_while_it_computes(store: Store, sent: Sent, gate: Any) -> None:
    ask(store, "a", [[2, 0, 0]])
    assert gate.reached.wait(PATIENCE)
    thread = store._worker.thread
    assert thread is not None
    store.close()
    gate.opened.set()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert sent.for_("a")[-1][0]["type"] == "cancelled"
    assert (len(gate.chunks), store.cached_nbytes) == (1, 0)
