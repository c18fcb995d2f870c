"""Replies to a page's requests, without Jupyter."""

import re
import threading
from typing import Any

import numpy as np
import pytest

from headscope import from_attentions
from headscope.contract import MESSAGE_BYTES
from headscope.wire.blocks import decode_blocks
from headscope.wire.requests import immediate_replies


def capture_of(heads: int, size: int) -> Any:
    weights = np.random.default_rng(0).dirichlet(np.ones(size), (heads, size)).astype(np.float32)
    return from_attentions([weights, weights], [f"t{position}" for position in range(size)])


def ask(capture: Any, **request: Any) -> list[Any]:
    content = {"type": "request", "id": "page-1", "request": {"kind": "block", "map": "self", "layer": 0, **request}}
    return list(immediate_replies(capture.maps, content, threading.Lock()))


def test_blocks_are_the_weights() -> None:
    capture = capture_of(3, 5)
    *blocks, (last, nothing) = ask(capture, heads=[2, 0])
    assert (last, nothing) == ({"type": "blocks", "id": "page-1", "done": True}, [])
    [(message, [buffer])] = blocks
    [(header, weights)] = decode_blocks(buffer)
    assert message["done"] is False
    assert header["heads"] == [2, 0]
    np.testing.assert_allclose(weights, capture.weights(0, [2, 0]), atol=3e-4)


def test_messages_are_small_and_together_complete() -> None:
    capture = capture_of(2, 1500)
    replies = ask(capture, heads=[0, 1])
    buffers = [buffer for _, buffers in replies for buffer in buffers]
    assert max(len(buffer) for buffer in buffers) <= MESSAGE_BYTES + 1024
    whole = np.full((2, 1500, 1500), -1, dtype=np.float32)
    for buffer in buffers:
        for header, weights in decode_blocks(buffer):
            whole[header["heads"], slice(*header["queries"])] = weights
    np.testing.assert_allclose(whole, capture.weights(0), atol=3e-4)


def test_overviews_are_pooled() -> None:
    capture = capture_of(2, 130)
    [(_, [buffer]), _] = ask(capture, kind="overview", heads=[0, 1])
    [(header, bins)] = decode_blocks(buffer)
    assert (header["kind"], header["queries"], bins.shape) == ("overview", [0, 130], (2, 64, 64))
    np.testing.assert_allclose(bins, capture.maps["self"].overview(0), atol=3e-4)


def test_a_small_map_is_its_own_overview() -> None:
    [(_, [buffer]), _] = ask(capture_of(2, 64), kind="overview", heads=[1])
    [(header, _)] = decode_blocks(buffer)
    assert (header["kind"], header["shape"]) == ("block", [1, 64, 64])


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"map": "cross", "heads": [0]}, "no attention map 'cross'"),
        ({"layer": 2, "heads": [0]}, "layer 2 is out of range"),
        ({"layer": -1, "heads": [0]}, "layer -1 is out of range"),
        ({"heads": [3]}, r"has 2 heads, not \[3\]"),
        ({"kind": "tile", "heads": [0]}, "unknown kind"),
        ({"heads": None}, "TypeError"),
        ({"heads": "abc"}, "TypeError"),
    ],
)
def test_every_bad_request_is_answered(request_: dict[str, Any], message: str) -> None:
    [(reply, buffers)] = ask(capture_of(2, 3), **request_)
    assert (reply["type"], reply["id"], buffers) == ("error", "page-1", [])
    assert re.search(message, reply["message"])


@pytest.mark.parametrize("content", [{}, {"type": "hello"}, {"type": "request", "id": "x"}])
def test_a_message_that_is_no_request_harms_nothing(content: dict[str, Any]) -> None:
    replies = list(immediate_replies(capture_of(1, 2).maps, content, threading.Lock()))
    assert [reply["type"] for reply, _ in replies] == (["error"] if content.get("type") == "request" else [])
