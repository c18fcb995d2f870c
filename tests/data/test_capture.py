"""A capture's weights as rows of a table."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest

import headscope as hs


@pytest.fixture
def capture() -> Any:
    weights = np.random.default_rng(0).dirichlet(np.ones(4), (2, 3)).astype(np.float32)
    weights[1, 2, 3] = np.nan
    return hs.from_attentions([weights] * 2, list("xyz"), key_tokens=list("abcd"), layers=[1])


def test_a_row_for_each_query_and_key(capture: Any) -> None:
    frame = capture.to_frame(1, 0)
    assert list(frame.columns) == ["query", "query_token", "key", "key_token", "weight"]
    assert len(frame) == 12
    assert frame.weight.dtype == np.float32
    table = frame.pivot(index="query", columns="key", values="weight").to_numpy()
    np.testing.assert_array_equal(table, capture.weights(1, 0))
    assert frame[(frame.query_token == "y") & (frame.key_token == "c")].weight.item() == capture.weights(1, 0, 1, 2)


def test_several_heads_have_a_column(capture: Any) -> None:
    frame = capture.to_frame(layer=1, head=[1, 0])
    assert next(iter(frame.columns)) == "head"
    assert list(frame["head"].unique()) == [1, 0]
    strongest = frame.groupby("head").weight.max()
    np.testing.assert_array_equal(strongest[[0, 1]], np.nanmax(capture.weights(1), axis=(1, 2)))
    pd.testing.assert_frame_equal(capture.to_frame(1), capture.to_frame(1, [0, 1]))
    assert frame.weight.isna().sum() == 1


def test_cross_attention(tiny: Any) -> None:
    ids = {"input_ids": np.array([[5, 6, 7]]), "decoder_input_ids": np.array([[1, 9]])}
    capture = hs.capture(tiny("t5").model, inputs=ids)
    frame = capture.to_frame(1, 2, map="cross")
    assert [*frame.query_token.unique()] == ["1", "9"]
    assert [*frame.key_token.unique()] == ["5", "6", "7"]
    np.testing.assert_allclose(frame.groupby("query").weight.sum(), 1, atol=1e-6)


def test_unknown_layers_heads_and_maps(capture: Any) -> None:
    with pytest.raises(ValueError, match="layer 0 was left out"):
        capture.to_frame(0)
    with pytest.raises(IndexError, match="head 2 is out of range"):
        capture.to_frame(1, 2)
    with pytest.raises(ValueError, match="no attention map 'cross'"):
        capture.to_frame(1, map="cross")


def test_the_error_without_pandas_says_what_to_install(capture: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)  # makes its import fail
    with pytest.raises(ImportError, match="pip install pandas"):
        capture.to_frame(1)
