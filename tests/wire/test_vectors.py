"""A head's vectors: the kernel sends those of the capture, and they give the model's own weights."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

import headscope as hs
from headscope.contract import MESSAGE_BYTES
from headscope.wire.requests import immediate_replies
from headscope.wire.vectors import added_and_hidden, decode_vectors, encode_vectors, row_frames

FLOATS = st.floats(-1e6, 1e6, width=32)
VALUES = arrays(np.float32, array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=7), elements=FLOATS)


def ask(capture: Any, **request: Any) -> list[Any]:
    content = {"type": "vectors", "id": "page-1", "request": {"map": "self", **request}}
    return list(immediate_replies(capture.maps, content, threading.Lock()))


def parts_of(capture: Any, layer: int, head: int, map: str = "self") -> dict[str, Any]:
    """Return the vectors of one head that a page receives, with joined rows, and the rule."""
    count = len(capture.maps[map].query_tokens)
    replies = ask(capture, map=map, layer=layer, head=head, queries=[0, count])
    assert replies[-1] == ({"type": "blocks", "id": "page-1", "done": True}, [])
    found: dict[str, Any] = {}
    for message, buffers in replies[:-1]:
        assert message["done"] is False
        assert len(buffers[0]) <= MESSAGE_BYTES + 1024
        for header, values in decode_vectors(buffers[0]):
            assert (header["map"], header["layer"]) == (map, layer)
            found.setdefault(header["kind"], []).append((header["rows"][0], values))
            found["rule"] = header["rule"] or found.get("rule")
    rule = found.pop("rule")
    return {
        kind: np.concatenate([values for _, values in sorted(rows, key=lambda row: row[0])])
        for kind, rows in found.items()
    } | {"rule": rule}


def chain(parts: dict[str, Any]) -> tuple[Any, Any]:
    """Return the scores and weights that a page computes from the parts."""
    rule = parts["rule"]
    scores = parts["queries"].astype(np.float64) @ parts["keys"].astype(np.float64).T * rule["scaling"]
    if rule["softcap"] is not None:
        scores = rule["softcap"] * np.tanh(scores / rule["softcap"])
    scores = scores + parts.get("bias", 0)
    scores = np.where(parts.get("hidden", 0), -np.inf, scores)
    sink = -np.inf if rule["sink"] is None else rule["sink"]
    highest = np.maximum(scores.max(-1, keepdims=True), sink)
    exponentials = np.exp(scores - highest)
    return scores, exponentials / (exponentials.sum(-1, keepdims=True) + np.exp(sink - highest))


@given(VALUES, st.integers(0, 90), st.sampled_from(["queries", "keys", "bias", "weights"]))
def test_a_frame_keeps_every_bit(values: Any, start: int, kind: Any) -> None:
    encoded = encode_vectors(values, kind, "cröss", 3, 2, start)
    [(header, decoded)] = decode_vectors(encoded)
    assert len(encoded) % 8 == 0
    assert header["rows"] == [start, start + len(values)]
    assert (header["kind"], header["map"], header["layer"], header["head"]) == (kind, "cröss", 3, 2)
    np.testing.assert_array_equal(decoded, values)


@given(arrays(np.bool_, (3, 5)), VALUES)
def test_concatenated_frames(hidden: Any, values: Any) -> None:
    both = encode_vectors(hidden, "hidden", "self", 0, 0) + encode_vectors(values, "keys", "self", 0, 0)
    [(first, one), (second, other)] = decode_vectors(both)
    assert (first["dtype"], second["dtype"]) == ("uint8", "float32")
    np.testing.assert_array_equal(one, hidden)
    np.testing.assert_array_equal(other, values)


def test_exact_bytes() -> None:
    encoded = encode_vectors(np.array([[1.0, -2.0]], dtype=np.float32), "keys", "self", 2, 7)
    header = b'{"kind":"keys","map":"self","layer":2,"head":7,"rows":[0,1],"shape":[1,2],"dtype":"float32","rule":null}'
    padded = header + b" " * (-len(header) % 8)
    assert encoded == b"HSB1" + len(padded).to_bytes(4, "little") + padded + bytes.fromhex("0000803f 000000c0")


@pytest.mark.parametrize("cut", [3, 12, 40, -1])
def test_a_truncated_frame_is_refused(cut: int) -> None:
    encoded = encode_vectors(np.ones((2, 2), dtype=np.float32), "keys", "self", 0, 0)
    with pytest.raises(ValueError, match="at byte 0"):
        list(decode_vectors(encoded[:cut]))


CASES = {
    "bert": {},
    "llama": {"kv": 2},
    "gemma2": {"kv": 2, "softcap": 2.0},
    "mistral": {"kv": 2},
    "gpt_oss": {"kv": 2, "sink": True},
    "qwen3": {"kv": 2},
}


@pytest.mark.parametrize("kind", CASES)
@pytest.mark.parametrize("padding", [0, 3])
def test_the_parts_make_the_model_s_own_weights(tiny: Any, kind: str, padding: int) -> None:
    ids = [[*range(5, 17), *([0] * padding)], [*range(20, 20 + 12 + padding)]]
    mask = [[1] * 12 + [0] * padding, [1] * (12 + padding)]
    capture = hs.capture(tiny(kind).model, inputs={"input_ids": ids, "attention_mask": mask})
    expected = CASES[kind]
    for layer in range(capture.maps["self"].num_layers):
        for head in (0, 3):
            parts = parts_of(capture, layer, head)
            rule = parts["rule"]
            np.testing.assert_array_equal(parts["queries"], capture.queries(layer, head))
            np.testing.assert_array_equal(parts["keys"], capture.keys(layer, head))
            np.testing.assert_array_equal(parts["weights"], capture.weights(layer, head))
            scores, weights = chain(parts)
            np.testing.assert_allclose(scores, capture.scores(layer, head), rtol=1e-5, atol=1e-5)
            np.testing.assert_allclose(weights, capture.weights(layer, head), rtol=0, atol=2e-6)
            assert rule["num_kv_heads"] == expected.get("kv", 4)
            assert rule["kv_head"] == head // (4 // rule["num_kv_heads"])
            assert rule["softcap"] == expected.get("softcap")
            assert (rule["sink"] is not None) == expected.get("sink", False)
            assert rule["rotary"] == (kind != "bert")
            assert ("hidden" in parts) == (kind != "bert")
            assert "bias" not in parts


@pytest.mark.parametrize("name", ["encoder", "decoder", "cross"])
def test_position_bias_is_separate_from_the_mask(tiny: Any, name: str) -> None:
    inputs = {"input_ids": [[5, 6, 7, 8, 9]], "decoder_input_ids": [[1, 7, 8, 9]]}
    capture = hs.capture(tiny("t5").model, inputs=inputs)
    parts = parts_of(capture, 0, 1, name)
    scores, weights = chain(parts)
    np.testing.assert_allclose(scores, capture.scores(0, 1, map=name), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(weights, capture.weights(0, 1, map=name), rtol=0, atol=2e-6)
    assert ("bias" in parts, "hidden" in parts) == (name != "cross", name == "decoder")
    assert parts["rule"]["scaling"] == 1
    assert all(np.isfinite(parts[kind]).all() for kind in parts if kind not in ("rule", "hidden"))


@pytest.mark.parametrize("kind", ["swin", "deepseek_v3"])
def test_unusual_layers(kind: str) -> None:
    from zoo.models import ZOO, build, inputs_of

    animal = next(one for one in ZOO if one.kind == kind)
    capture = hs.capture(build(animal), inputs=inputs_of(animal))
    for name, map_ in capture.maps.items():
        for layer in range(map_.num_layers):
            scores, weights = chain(parts_of(capture, layer, 1, name))
            np.testing.assert_allclose(scores, capture.scores(layer, 1, map=name), rtol=1e-4, atol=1e-4)
            np.testing.assert_allclose(weights, capture.weights(layer, 1, map=name), rtol=0, atol=1e-5)


def test_a_range_of_queries(tiny: Any) -> None:
    capture = hs.capture(tiny("llama").model, inputs={"input_ids": [[*range(5, 25)]]})
    frames = {}
    for _, buffers in ask(capture, layer=1, head=2, queries=[7, 11])[:-1]:
        [(header, values)] = decode_vectors(buffers[0])
        frames[header["kind"]] = header["rows"], values
    assert {kind: rows for kind, (rows, _) in frames.items()} == {
        "queries": [7, 11],
        "keys": [0, 20],
        "hidden": [7, 11],
        "weights": [7, 11],
    }
    np.testing.assert_array_equal(frames["queries"][1], capture.queries(1, 2)[7:11])
    np.testing.assert_array_equal(frames["weights"][1], capture.weights(1, 2, queries=slice(7, 11)))


def test_no_message_is_too_large(new_tiny: Any) -> None:
    model = new_tiny("llama", max_position_embeddings=4096)
    capture = hs.capture(model, inputs={"input_ids": [[5 + at % 90 for at in range(1200)]]})
    parts = parts_of(capture, 0, 0)
    assert parts["weights"].shape == (1200, 1200)
    np.testing.assert_array_equal(parts["weights"][700:720], capture.weights(0, 0, queries=slice(700, 720)))


def test_a_head_may_hide_keys_of_its_own() -> None:
    """A bias of minus infinity hides a key and is sent as a bias of 0."""

    class Record:
        num_queries = num_keys = 2
        pieces = None

        def added(self, _head: int, queries: slice) -> Any:
            return np.array([[1, -np.inf], [2, 3]], dtype=np.float32)[queries]

        def hidden(self, _queries: slice) -> None:
            return None

    added, hidden = added_and_hidden(Record(), 0, slice(0, 2))  # type: ignore[arg-type]
    np.testing.assert_array_equal(added, [[1, 0], [2, 3]])
    np.testing.assert_array_equal(hidden, [[False, True], [False, False]])


def test_exact_weights_can_be_left_out(tiny: Any) -> None:
    capture = hs.capture(tiny("llama").model, inputs={"input_ids": [[5, 6, 7]]})
    kinds = [next(decode_vectors(part))[0]["kind"] for part in row_frames(capture.maps["self"], 0, 0, (0, 3), False)]
    assert kinds == ["hidden"]


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"layer": 0, "head": 4, "queries": [0, 1]}, "has 4 heads"),
        ({"layer": 9, "head": 0, "queries": [0, 1]}, "layer 9 is out of range"),
        ({"layer": 0, "head": 0, "queries": [2, 5]}, "queries 2 to 5 are out of range: there are 3"),
        ({"layer": 0, "head": 0, "queries": "x"}, "ValueError"),
        ({"map": "cross", "layer": 0, "head": 0, "queries": [0, 1]}, "no attention map 'cross'"),
    ],
)
def test_every_bad_request_is_answered(tiny: Any, request_: dict[str, Any], message: str) -> None:
    capture = hs.capture(tiny("bert").model, inputs={"input_ids": [[5, 6, 7]]})
    [(reply, buffers)] = ask(capture, **request_)
    assert (reply["type"], buffers) == ("error", [])
    assert message in reply["message"]


def test_layers_without_vectors_say_why(tiny: Any) -> None:
    from zoo.models import ZOO, build, inputs_of

    animal = next(one for one in ZOO if one.kind == "gptj")
    computed = hs.capture(build(animal), inputs=inputs_of(animal))
    given = hs.from_attentions([np.full((1, 2, 2), 0.5)], ["a", "b"])
    partly = hs.capture(tiny("bert").model, inputs={"input_ids": [[5, 6, 7]]}, layers=[1])
    reasons = {
        "tier 3": computed.maps["self"].info()["no_vectors"][0],
        "given": given.maps["self"].info()["no_vectors"][0],
        "left out": partly.maps["self"].info()["no_vectors"][0],
    }
    assert "attn" in reasons["tier 3"]
    assert "code of its own" in reasons["tier 3"]
    assert "were given" in reasons["given"]
    assert "layers=" in reasons["left out"]
    assert partly.maps["self"].info()["no_vectors"][1] == ""
    [(reply, _)] = ask(given, layer=0, head=0, queries=[0, 2])
    assert "no queries and keys" in reply["message"]
