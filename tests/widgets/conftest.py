"""Captures that several tests of the widgets show."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from headscope import from_attentions


@pytest.fixture
def encoder_decoder() -> Any:
    """A capture with two maps: an encoder's of a pair of sentences, and a smaller cross-attention."""

    def weights(heads: int, queries: int, keys: int) -> np.ndarray:
        return np.random.default_rng(0).dirichlet(np.ones(keys), (heads, queries)).astype(np.float32)

    return from_attentions(
        encoder_attentions=[weights(4, 6, 6)] * 3,
        cross_attentions=[weights(2, 3, 6)] * 2,
        encoder_tokens=list("abcdef"),
        decoder_tokens=list("xyz"),
        sentence_b_start=2,
    )
