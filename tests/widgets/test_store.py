"""The store: one selection, and the weights on screen."""

import json
import zlib
from typing import Any

import numpy as np
import pytest

from headscope import from_attentions
from headscope.data.descriptions import describe_maps
from headscope.widgets.store import Store, store_of
from headscope.wire.blocks import decode_blocks


def weights(heads: int, queries: int, keys: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet(np.ones(keys), (heads, queries)).astype(np.float32)


@pytest.fixture
def capture() -> Any:
    return from_attentions([weights(3, 4, 4, seed) for seed in range(5)], list("abcd"), name="test")


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The messages that stores send to their pages after comm_open."""
    messages: list[dict[str, Any]] = []
    monkeypatch.setattr(Store, "_send", lambda _store, message, **_buffers: messages.append(message))
    return messages


def decoded(buffer: bytes) -> tuple[Any, np.ndarray]:
    [pair] = decode_blocks(buffer)
    return pair


def test_each_capture_has_one_store(capture: Any, encoder_decoder: Any) -> None:
    assert store_of(capture) is store_of(capture)
    assert store_of(capture) is not store_of(encoder_decoder)


def test_the_first_state_holds_the_weights_on_screen(capture: Any) -> None:
    state = store_of(capture).get_state()
    header, block = decoded(state["block"])
    assert (header["layer"], header["heads"]) == (0, [0, 1, 2])
    np.testing.assert_allclose(block, capture.weights(0), atol=3e-4)
    assert json.loads(zlib.decompress(state["maps"])) == describe_maps(capture)
    assert state["total_bytes"] == 5 * 3 * 16 * 2


def test_moving_from_python_sends_the_place_and_its_weights_in_one_message(capture: Any, sent: list[Any]) -> None:
    store = store_of(capture)
    sent.clear()
    store.move(layer=3, heads=[1])
    [message] = sent
    assert message["state"] == {"layer": 3, "heads": [1]}
    assert message["buffer_paths"] == [["block"]]
    assert decoded(store.get_state("block")["block"])[0]["layer"] == 3
    sent.clear()
    store.move(heads=[2])
    assert [message["state"] for message in sent] == [{"heads": [2]}]


def test_pages_that_receive_text_request_the_weights_of_a_move(capture: Any, sent: list[Any]) -> None:
    store = store_of(capture)
    store._on_message(store, {"type": "cancel", "id": "1", "in_text": True}, [])
    sent.clear()
    store.move(layer=3)
    assert [message["state"] for message in sent] == [{"layer": 3}]


def test_moving_from_a_page_sends_no_weights_back(capture: Any, sent: list[Any]) -> None:
    store = store_of(capture)
    store.set_state({"layer": 2})
    assert not any("block" in message.get("state", {}) for message in sent)
    assert store.layer == 2


@pytest.mark.parametrize("move", [Store.set_state, lambda store, place: store.move(**place)], ids=["page", "Python"])
def test_a_page_that_loads_later_gets_the_current_selection(capture: Any, sent: list[Any], move: Any) -> None:
    store = store_of(capture)
    move(store, {"layer": 4})
    sent.clear()
    assert decoded(store.get_state()["block"])[0]["layer"] == 4
    assert sent == []
    store._handle_msg({"content": {"data": {"method": "request_state"}}})
    [message] = sent
    assert (message["state"]["layer"], ["block"] in message["buffer_paths"]) == (4, True)


def test_a_layer_too_large_for_a_traitlet_is_left_to_requests(monkeypatch: pytest.MonkeyPatch, capture: Any) -> None:
    monkeypatch.setattr("headscope.widgets.store.BLOCK_BYTES", 10)
    assert store_of(capture).get_state()["block"] == b""


def test_another_map_resets_fields_that_it_lacks(encoder_decoder: Any) -> None:
    store = store_of(encoder_decoder)
    store.move(layer=2, heads=[3], query=5, key=5)
    store.move(map="cross")
    assert (store.map, store.layer, store.heads, store.query, store.key) == ("cross", 1, None, None, None)
    header, block = decoded(store.get_state()["block"])
    assert (header["map"], block.shape) == ("cross", (2, 3, 6))


def test_a_map_and_its_place_can_be_chosen_together(encoder_decoder: Any) -> None:
    store = store_of(encoder_decoder)
    store.move(key=5, heads=[1], layer=1, map="cross")
    assert (store.map, store.layer, store.heads, store.key) == ("cross", 1, [1], 5)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"layer": 5}, "layer 5 is out of range: valid is from 0 to 4"),
        ({"layer": -1}, "layer -1 is out of range"),
        ({"heads": []}, "heads is empty"),
        ({"heads": [0, 3]}, "head 3 is out of range"),
        ({"query": 4}, "query 4 is out of range"),
        ({"key": -2}, "key -2 is out of range"),
        ({"map": "cross"}, "no attention map 'cross'"),
        ({"layer": "two"}, "layer"),
        ({"layer": 2, "key": 9}, "key 9"),
    ],
)
def test_an_unknown_place_moves_nothing(capture: Any, changes: dict[str, Any], message: str) -> None:
    store = store_of(capture)
    store.move(layer=1)
    with pytest.raises(ValueError, match=message):
        store.move(**changes)
    assert (store.layer, store.heads, store.query, store.key) == (1, None, None, None)
    assert decoded(store.get_state()["block"])[0]["layer"] == 1


def test_overviews_of_all_layers(capture: Any) -> None:
    store = store_of(capture)
    store.ensure_overview()
    assert [header["layer"] for header, _ in decode_blocks(store.overview)] == [0, 1, 2, 3, 4]


def test_requests_are_answered_by_messages(capture: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    store = store_of(capture)
    replies: list[Any] = []
    monkeypatch.setattr(store, "send", lambda message, buffers: replies.append((message, buffers)))
    request = {"kind": "block", "map": "self", "layer": 1, "heads": [0]}
    store._handle_custom_msg({"type": "request", "id": "a-1", "request": request}, [])
    assert [message["done"] for message, _ in replies] == [False, True]
    assert decoded(replies[0][1][0])[0]["layer"] == 1
