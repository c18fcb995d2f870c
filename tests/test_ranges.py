"""Positions that there are not: one error for arrays and for options."""

from __future__ import annotations

import numpy as np
import pytest

import headscope as hs

WEIGHTS = np.full((1, 2, 3, 3), 1 / 3, dtype=np.float32)


@pytest.fixture
def capture():
    return hs.from_attentions([WEIGHTS, WEIGHTS], list("abc"))


CALLS = {
    "select": lambda capture: capture.select(layer=9),
    "a view": lambda capture: capture.head_view(layer=9),
    "an attribute": lambda capture: setattr(capture.selection, "layer", 9),
    "weights": lambda capture: capture.weights(layer=9),
    "segment weights": lambda capture: capture.segment_weights(layer=9),
    "a table": lambda capture: capture.to_frame(layer=9),
    "include_layers": lambda capture: capture.model_view(include_layers=[9]),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("error", [IndexError, ValueError])
def test_a_layer_out_of_range_is_both_errors(capture, call, error):
    with pytest.raises(error, match="9 is out of range: valid is from 0 to 1"):
        CALLS[call](capture)
