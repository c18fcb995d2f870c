"""The encoding of blocks: its exact bytes and its precision."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from headscope.wire.blocks import decode_blocks, encode_block

WEIGHTS = arrays(
    np.float32,
    array_shapes(min_dims=3, max_dims=3, max_side=6),
    elements=st.one_of(st.floats(0, 1, width=32), st.just(np.nan), st.just(np.inf)),
)


def test_exact_bytes() -> None:
    encoded = encode_block(np.array([[[1.0, 0.5, np.nan]]], dtype=np.float32), map="self", layer=2, heads=[7])
    header = (
        b'{"kind":"block","map":"self","layer":2,"heads":[7],"queries":[0,1],"keys":[0,3],"shape":[1,1,3],'
        b'"dtype":"decimal16","missing":1}'
    )
    padded = header + b" " * (-len(header) % 8)
    assert encoded == b"HSB1" + len(padded).to_bytes(4, "little") + padded + bytes.fromhex("79ff 21e4 ffff 0000")
    assert json.loads(padded)["missing"] == 1


def test_exact_codes_of_square_roots() -> None:
    encoded = encode_block(
        np.array([[[1.0, 0.25, np.nan, 0]]], dtype=np.float32), map="m", layer=0, heads=[0], dtype="sqrt8"
    )
    assert encoded.endswith(bytes([254, 127, 255, 0, 0, 0, 0, 0]))


@given(WEIGHTS)
def test_float16_keeps_three_digits(weights: np.ndarray) -> None:
    encoded = encode_block(weights, map="cross", layer=0, heads=range(weights.shape[0]), dtype="float16")
    [(header, decoded)] = decode_blocks(encoded)
    assert len(encoded) % 8 == 0
    assert header["missing"] == np.count_nonzero(~np.isfinite(weights))
    expected = np.where(np.isfinite(weights), weights, np.nan)
    np.testing.assert_allclose(decoded, expected, rtol=2**-11, atol=2**-25)


@given(WEIGHTS)
def test_weights_are_sent_with_the_digits_that_are_shown(weights: np.ndarray) -> None:
    [(header, decoded)] = decode_blocks(encode_block(weights, map="a", layer=0, heads=range(len(weights))))
    assert header["dtype"] == ("float16" if np.isinf(weights).any() else "decimal16")
    expected = np.where(np.isfinite(weights), weights, np.nan)
    np.testing.assert_allclose(decoded, expected, rtol=2**-11, atol=1e-7)


@given(WEIGHTS)
def test_square_roots_keep_small_weights(weights: np.ndarray) -> None:
    [(_, decoded)] = decode_blocks(encode_block(weights, map="a", layer=0, heads=range(len(weights)), dtype="sqrt8"))
    expected = np.where(np.isfinite(weights), weights, np.nan)
    # Half a step of the square root is 1/508: |w - w'| <= (sqrt w + sqrt w') / 508.
    bound = (2 * np.sqrt(np.nan_to_num(expected)) + 1 / 254) / 508 + 1e-6
    assert np.array_equal(np.isnan(decoded), np.isnan(expected))
    assert np.all(np.abs(np.nan_to_num(decoded) - np.nan_to_num(expected)) <= bound)


def test_a_uniform_row_of_2000_keys_does_not_vanish() -> None:
    uniform = np.full((1, 1, 2000), 1 / 2000, dtype=np.float32)
    [(_, decoded)] = decode_blocks(encode_block(uniform, map="a", layer=0, heads=[0], dtype="sqrt8"))
    assert decoded.min() > 0.0003


def test_concatenated_blocks() -> None:
    one = np.zeros((1, 1, 3), dtype=np.float32)
    both = encode_block(one, map="a", layer=0, heads=[0]) + encode_block(one, map="a", layer=1, heads=[0])
    assert [header["layer"] for header, _ in decode_blocks(both)] == [0, 1]


@given(st.integers(1, 150))
def test_a_truncated_block_is_refused(cut: int) -> None:
    encoded = encode_block(np.ones((1, 2, 2), dtype=np.float32), map="a", layer=0, heads=[0])
    with pytest.raises(ValueError, match=r"left|whole block|wants"):
        list(decode_blocks(encoded[: max(1, len(encoded) - cut)]))


@given(WEIGHTS, st.sampled_from(["tile", "excerpt"]))
def test_tiles_and_excerpts_are_packed_if_that_makes_them_smaller(weights: np.ndarray, kind: str) -> None:
    heads = range(len(weights))
    packed = encode_block(weights, map="a", layer=0, heads=heads, kind=kind, pack=True)  # type: ignore[arg-type]
    plain = encode_block(weights, map="a", layer=0, heads=heads)
    [(_, expected)], [(header, decoded)] = decode_blocks(plain), decode_blocks(packed)
    assert np.array_equal(decoded, expected, equal_nan=True)
    assert 0 <= header["packed"] < max(weights.size * 2, 1)  # type: ignore[typeddict-item]
    again = decode_blocks(packed + plain + packed)
    assert all(np.array_equal(one, expected, equal_nan=True) for _, one in again)


def test_a_causal_tile_is_less_than_half_as_large() -> None:
    weights = np.tril(np.random.default_rng(0).random((1, 256, 256), dtype=np.float32))
    encoded = encode_block(weights, map="a", layer=0, heads=[0], kind="tile", pack=True)
    assert len(encoded) < 0.5 * weights.size * 2


@pytest.mark.parametrize(("shape", "problem"), [([1, 4, 5], "has 32 bytes, but its shape needs 40"), ([1, 2, 4], "")])
def test_packed_bytes_are_never_more_than_their_shape(shape: list[int], problem: str) -> None:
    encoded = encode_block(np.ones((1, 4, 4), dtype=np.float32), map="a", layer=0, heads=[0], kind="tile", pack=True)
    changed = encoded.replace(b'"shape":[1,4,4]', f'"shape":{json.dumps(shape, separators=(",", ":"))}'.encode())
    if problem:
        with pytest.raises(ValueError, match=problem):
            list(decode_blocks(changed))
    else:
        assert next(decode_blocks(changed))[1].shape == tuple(shape)


def test_an_invalid_packed_payload_is_refused() -> None:
    encoded = encode_block(np.ones((1, 4, 4), dtype=np.float32), map="a", layer=0, heads=[0], kind="tile", pack=True)
    with pytest.raises(ValueError, match="can't be read"):
        list(decode_blocks(encoded[:-16] + b"\xff" * 16))
