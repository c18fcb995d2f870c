"""The trace of a token: what it says of each head, against the weights of the capture."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import headscope as hs
from headscope.wire.lru import ByteLru
from headscope.wire.requests import deferred_replies
from headscope.wire.tile_cache import TileCache

TOKENS = ["<s>", "a", "b", "a", "c", "</s>"]


@pytest.fixture
def capture() -> hs.Capture:
    """Return a causal capture of 3 layers of 4 heads that share 2 KV heads."""
    seed = torch.Generator().manual_seed(3)
    queries = [torch.randn(4, len(TOKENS), 8, generator=seed) for _ in range(3)]
    keys = [torch.randn(2, len(TOKENS), 8, generator=seed) for _ in range(3)]
    return hs.from_arrays(queries, keys, tokens=TOKENS, causal=True)


def test_a_pair_is_the_weight_of_every_head(capture: hs.Capture) -> None:
    found = capture.trace(query=4, key="b")
    assert found.shape == (3, 4)
    assert found.dtype == np.float32
    expected = np.stack([capture.weights(layer, None, 4, 2) for layer in range(3)])
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert (capture.trace(query=1, key=4) == 0).all()


def test_a_query_is_its_strongest_key_beside_those_of_all_heads(capture: hs.Capture) -> None:
    special = capture.maps["self"].key_special
    rest = [key for key in range(len(TOKENS)) if key not in {0, *special}]
    rows = np.stack([capture.weights(layer, None, 4) for layer in range(3)])
    np.testing.assert_allclose(capture.trace(query="c"), rows[..., rest].max(-1), atol=1e-6)
    np.testing.assert_allclose(capture.trace(query="c", exclude=[]), rows.max(-1), atol=1e-6)
    np.testing.assert_allclose(capture.trace(query="c", exclude=["<s>", 1]), rows[..., 2:].max(-1), atol=1e-6)
    assert np.isnan(capture.trace(query="c", exclude=range(len(TOKENS)))).all()


def test_a_key_is_the_mean_over_all_queries(capture: hs.Capture) -> None:
    expected = np.stack([capture.weights(layer)[:, :, 3].mean(-1) for layer in range(3)])
    np.testing.assert_allclose(capture.trace(key=("a", 1)), expected, atol=1e-6)


def test_layers_may_differ_in_heads_and_be_left_out() -> None:
    given = [np.full((heads, 3, 3), 1 / 3, dtype=np.float32) for heads in (2, 4, 3)]
    found = hs.from_attentions(given, ["a", "b", "c"], layers=[0, 1]).trace(query=1, key=1)
    assert np.isfinite(found).tolist() == [[True, True, False, False], [True] * 4, [False] * 4]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "name a token"),
        ({"query": "cow"}, "cow"),
        ({"query": 99}, "99"),
        ({"key": -1}, "-1"),
        ({"query": 1, "map": "cross"}, "no attention map 'cross'"),
        ({"query": 1, "exclude": ["cow"]}, "cow"),
        ({"query": 1, "exclude": "cow"}, "exclude is 'cow'; it takes a list"),
        ({"query": 1, "exclude": 5}, "exclude is 5; it takes a list"),
    ],
)
def test_what_cannot_be_traced_is_refused(capture: hs.Capture, arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        capture.trace(**arguments)


def test_a_page_gets_one_row_of_each_head_in_one_message(capture: hs.Capture) -> None:
    keys = [[key, key + 1] for key in range(len(TOKENS))]
    request = {"map": "self", "layer": 1, "heads": [0, 1, 2, 3], "queries": [[4, 5]], "keys": keys, "without": []}
    content = {"type": "excerpt", "id": "x", "view": "v", "request": request}
    replies = [
        reply for reply in deferred_replies(capture.maps, TileCache(ByteLru(1 << 20)), content) if reply is not None
    ]
    assert [len(parts) for _, parts in replies] == [4, 0]


@pytest.mark.parametrize("kind", ["head", "model", "matrix", "neuron", "text", "explorer"])
def test_every_view_can_show_it(capture: hs.Capture, kind: str) -> None:
    view = getattr(capture, "explorer" if kind == "explorer" else f"{kind}_view")(trace=True, query="c")
    assert view.trace is True
    view.trace = False
    assert view.trace is False


def test_a_text_stands_for_all_its_occurrences_as_in_views() -> None:
    rng = np.random.default_rng(0)
    weights = rng.dirichlet(np.ones(4), size=(2, 3, 4)).astype(np.float32)
    capture = hs.from_attentions(list(weights), ["a", "b", "a", "c"])
    assert np.array_equal(capture.trace(query=1, exclude=["a"]), weights[:, :, 1, [1, 3]].max(-1))
    assert np.array_equal(capture.trace(query=1, exclude=[("a", 1)]), weights[:, :, 1, [0, 1, 3]].max(-1))
