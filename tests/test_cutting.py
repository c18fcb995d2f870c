"""Rows that travel without the zeros at their ends."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from headscope.blocks import decode_blocks, encode_block
from headscope.cutting import cut, uncut

CODES = arrays(
    st.sampled_from([np.dtype("<u2"), np.dtype("<u1")]),
    array_shapes(min_dims=3, max_dims=3, max_side=7),
    elements=st.sampled_from([0, 0, 0, 1, 200, 255]),
)


@given(CODES, st.binary(max_size=9))
def test_rows_come_back_whole_and_end_where_they_end(codes: np.ndarray, after: bytes) -> None:
    payload = cut(codes)
    found, taken = uncut(payload + after, codes.shape, codes.dtype)
    assert taken == len(payload)
    assert np.array_equal(found, codes)
    assert found.dtype == codes.dtype


def test_exact_bytes() -> None:
    codes = np.array([[[0, 7, 0, 8], [0, 0, 0, 0], [9, 0, 0, 0]]], dtype="<u2")
    assert cut(codes) == bytes.fromhex("0100 0400 0000 0000 0000 0100 0700 0000 0800 0900")


def test_a_causal_tile_is_half_as_large() -> None:
    weights = np.tril(np.full((1, 256, 256), 0.5, dtype=np.float32))
    assert len(encode_block(weights, map="self", layer=0, heads=[0], kind="tile")) < 0.53 * weights.size * 2


@given(st.integers(1, 70))
def test_a_tile_cut_short_is_refused(missing: int) -> None:
    encoded = encode_block(np.ones((1, 4, 4), dtype=np.float32), map="self", layer=0, heads=[0], kind="tile")
    with pytest.raises(ValueError, match=r"left|whole block"):
        list(decode_blocks(encoded[:-missing]))


@pytest.mark.parametrize("ends", [(3, 2), (0, 5)])
def test_a_row_that_ends_nowhere_is_refused(ends: tuple[int, int]) -> None:
    payload = np.array(ends, dtype="<u2").tobytes() + bytes(20)
    with pytest.raises(ValueError, match="ends before it starts, or beyond"):
        uncut(payload, (1, 1, 4), np.dtype("<u2"))
