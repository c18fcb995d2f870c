"""Support for hosts that are slow with buffers, and for hosts that forget widgets."""

from base64 import b64decode
from typing import Any

import numpy as np
import pytest

from headscope import from_attentions
from headscope.contract import MESSAGE_BYTES
from headscope.widgets.comm import resend_comm_open
from headscope.widgets.store import Store, store_of
from headscope.wire.blocks import decode_blocks

REQUEST = {"type": "request", "id": "p-1", "request": {"kind": "block", "map": "self", "layer": 1, "heads": [1]}}


def weights(heads: int, queries: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet(np.ones(queries), (heads, queries)).astype(np.float32)


@pytest.fixture
def capture() -> Any:
    return from_attentions([weights(3, 4, seed) for seed in range(3)], list("abcd"))


def answers(store: Store, content: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, Any]]:
    sent: list[tuple[Any, Any]] = []
    monkeypatch.setattr(store, "send", lambda message, buffers: sent.append((message, buffers)))
    store._on_message(store, content, [])
    return sent


def test_a_page_that_asks_for_text_gets_the_same_bytes(capture: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    store = store_of(capture)
    ((_, [buffer]), _) = answers(store, REQUEST, monkeypatch)
    ((message, none), (last, _)) = answers(store, {**REQUEST, "in_text": True}, monkeypatch)
    assert (list(none), last["done"], last["buffers"]) == ([], True, [])
    assert b64decode(message["buffers"][0]) == buffer
    (_, values) = next(decode_blocks(b64decode(message["buffers"][0])))
    np.testing.assert_allclose(values[0], capture.weights(1, 1), rtol=2**-10)


def test_the_comm_open_of_a_store_is_no_larger_than_a_message() -> None:
    capture = from_attentions([weights(16, 200, seed) for seed in range(24)], [str(n) for n in range(200)])
    capture.explorer()
    state = store_of(capture).get_state()
    assert sum(len(value) for value in state.values() if isinstance(value, (bytes, str))) <= MESSAGE_BYTES
    assert (state["block"], state["overview"]) == (b"", b"")


def test_comm_open_is_resent_for_the_layout_first(capture: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    store = store_of(capture)
    told: list[tuple[str, dict[str, Any]]] = []
    for widget in (store.layout, store):
        comm = widget.comm
        monkeypatch.setattr(comm, "open", lambda comm=comm, **message: told.append((comm.comm_id, message)))
    resend_comm_open(store)
    assert [one for one, _ in told] == [store.layout.model_id, store.model_id]
    _, message = told[1]
    assert message["data"]["state"]["layer"] == 0
    assert ["block"] in message["data"]["buffer_paths"]
