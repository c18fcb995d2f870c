"""Captures from queries and keys of any origin, against a softmax in float64."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import headscope as hs

TOKENS = list("abcde")


def vectors(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype("f4")


def softmax(q, k, scale=None, added=0.0, softcap=None) -> np.ndarray:
    """Compute weights by their definition in float64, shape (..., heads, queries, keys)."""
    q, k = np.asarray(q, "f8"), np.asarray(k, "f8")
    k = np.repeat(k, q.shape[-3] // k.shape[-3], axis=-3)
    scores = q @ np.swapaxes(k, -1, -2) * (q.shape[-1] ** -0.5 if scale is None else scale)
    scores = (scores if softcap is None else softcap * np.tanh(scores / softcap)) + added
    highest = scores.max(-1, keepdims=True)
    exponentials = np.exp(scores - np.where(np.isinf(highest), 0, highest))
    total = exponentials.sum(-1, keepdims=True)
    return np.divide(exponentials, total, out=np.zeros_like(exponentials), where=total > 0)


CAUSAL = np.where(np.tri(5, dtype=bool), 0, -np.inf)


class ArrayLike:
    """An array of a library such as JAX."""

    def __init__(self, array: np.ndarray) -> None:
        self.array, self.ndim, self.shape = array, array.ndim, array.shape

    def __array__(self, dtype=None, copy=None):
        return self.array if dtype is None else self.array.astype(dtype)


@pytest.mark.parametrize("convert", [np.asarray, torch.tensor, np.ndarray.tolist, ArrayLike])
@pytest.mark.parametrize("shape", [(5, 8), (3, 5, 8), (1, 3, 5, 8), (2, 3, 5, 8), (2, 1, 3, 5, 8), (1, 2, 3, 5, 8)])
def test_arrays_of_any_origin_and_shape(convert, shape):
    q, k, v = vectors(*shape), vectors(*shape, seed=1), vectors(*shape[:-1], 6)
    capture = hs.from_arrays(convert(q), convert(k), convert(v), TOKENS)
    layers = (-1, 1, 5, 8) if len(shape) == 2 else (-1, 3, 5, 8)
    expected = softmax(q.reshape(layers), k.reshape(layers))
    assert capture.maps["self"].num_layers == len(expected)
    for layer, weights in enumerate(expected):
        np.testing.assert_allclose(capture.weights(layer), weights, atol=1e-6)
    assert capture.maps["self"].query_tokens == tuple(TOKENS)


def test_six_vectors():
    six = [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [2.0, 0.0], [0.0, 0.5], [-1.0, 1.0]]
    for given_ in (six, [np.array(vector) for vector in six], [torch.tensor(vector) for vector in six]):
        capture = hs.from_arrays(given_, given_)
        np.testing.assert_allclose(capture.weights(0), softmax([six], [six]), atol=1e-6)
        np.testing.assert_array_equal(capture.queries(0, 0), six)
        assert capture.maps["self"].query_tokens == tuple("012345")
    assert capture.neuron_view(layer=0, head=0) is not None


def test_layers_in_a_list_share_kv_heads_and_may_differ():
    queries = [vectors(4, 5, 8), vectors(6, 5, 4)]
    keys = [vectors(2, 5, 8, seed=1), vectors(6, 5, 4, seed=1)]
    capture = hs.from_arrays(queries, tuple(keys), causal=True)
    for layer in range(2):
        np.testing.assert_allclose(
            capture.weights(layer), softmax(queries[layer], keys[layer], added=CAUSAL), atol=1e-6
        )
    assert [capture.maps["self"].num_kv_heads(layer) for layer in range(2)] == [2, 6]
    np.testing.assert_array_equal(capture.keys(0, 3), keys[0][1])


def test_queries_of_other_positions_than_keys():
    q, k = vectors(3, 2, 8), vectors(3, 5, 8)
    capture = hs.from_arrays(q, k, tokens=["x", "y"], key_tokens=TOKENS)
    np.testing.assert_allclose(capture.weights(0), softmax(q, k), atol=1e-6)
    map_ = hs.from_arrays(q, k).maps["self"]
    assert (map_.query_tokens, map_.key_tokens) == (("0", "1"), tuple("01234"))


def test_a_text_of_a_batch_and_named_axes():
    q, k = vectors(2, 5, 3, 8), vectors(2, 5, 3, 8, seed=1)  # as flash attention and TransformerLens order them
    expected = softmax(q[1].swapaxes(0, 1), k[1].swapaxes(0, 1))
    capture = hs.from_arrays(q, k, axes="batch position head dim", batch_index=1)
    np.testing.assert_allclose(capture.weights(0), expected, atol=1e-6)
    swapped = hs.from_arrays(q.swapaxes(1, 2), k.swapaxes(1, 2), batch_index=1)
    np.testing.assert_array_equal(swapped.weights(0), capture.weights(0))
    alone = hs.from_arrays(q[0], k[0], axes="position head dim")
    np.testing.assert_allclose(alone.weights(0), softmax(q[0].swapaxes(0, 1), k[0].swapaxes(0, 1)), atol=1e-6)
    flat = hs.from_arrays(q[:, :, 0], k[:, :, 0], batch_index=0)
    np.testing.assert_allclose(flat.weights(0), softmax(q[:1, :, 0], k[:1, :, 0]), atol=1e-6)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64, torch.int32])
def test_precisions(dtype):
    q, k = (torch.tensor(vectors(3, 5, 8, seed=seed) * 3).to(dtype) for seed in (0, 1))
    capture = hs.from_arrays(q, k)
    np.testing.assert_allclose(capture.weights(0), softmax(q.double().numpy(), k.double().numpy()), atol=1e-6)
    kept = dtype if dtype.is_floating_point else torch.float32
    assert capture.report().maps[0].precision == str(kept).removeprefix("torch.")


@pytest.mark.parametrize("kind", ["f2", "f8", ">f4", "g", "i8", "u1"])
def test_types_of_numpy(kind):
    q, k = ((vectors(3, 5, 8, seed=seed) * 3 + 9).astype(kind) for seed in (0, 1))
    np.testing.assert_allclose(hs.from_arrays(q, k).weights(0), softmax(q, k), atol=1e-5)
    reverse = hs.from_arrays(q[::-1, ::-1], k[::-1, ::-1]).weights(0)
    np.testing.assert_allclose(reverse, softmax(q, k)[::-1, ::-1, ::-1], atol=1e-5)
    q.flags.writeable = False
    assert hs.from_arrays(q, k).weights(0).shape == (3, 5, 5)


def test_arrays_are_not_copied():
    q = vectors(3, 5, 8)
    capture = hs.from_arrays(q, q)
    assert np.shares_memory(capture.maps["self"].records[0].query.numpy(), q)


def test_scale_and_softcap():
    q, k = vectors(2, 3, 5, 8), vectors(2, 3, 5, 8, seed=1)
    np.testing.assert_allclose(hs.from_arrays(q, k, scale=2).weights(1), softmax(q, k, 2)[1], atol=1e-6)
    each = hs.from_arrays(q, k, scale=[0.5, 3.0], softcap=2.0)
    for layer, scale in enumerate([0.5, 3.0]):
        np.testing.assert_allclose(each.weights(layer), softmax(q, k, scale, softcap=2.0)[layer], atol=1e-6)
    scores = q[1] @ k[1].swapaxes(1, 2) * 3
    np.testing.assert_allclose(each.scores(1), 2 * np.tanh(scores / 2), atol=1e-5)


# Masks


def hidden(mask: np.ndarray) -> np.ndarray:
    return np.where(mask, 0.0, -np.inf)


TRIANGLE = np.tri(5, dtype=bool)
PADDING = np.array([True, True, True, False, False])
HEADS = np.stack([TRIANGLE, np.ones((5, 5), bool), np.eye(5, dtype=bool)])
BIAS = vectors(3, 5, 5, seed=2)


@pytest.mark.parametrize("convert", [np.asarray, torch.tensor, np.ndarray.tolist])
@pytest.mark.parametrize(
    ("mask", "added"),
    [
        (TRIANGLE, hidden(TRIANGLE)),
        (TRIANGLE.astype(int), hidden(TRIANGLE)),
        (hidden(TRIANGLE), hidden(TRIANGLE)),
        (np.where(TRIANGLE, 0, np.finfo("f4").min).astype("f4"), hidden(TRIANGLE)),
        (TRIANGLE[None, None], hidden(TRIANGLE)),
        (PADDING, hidden(PADDING)),
        (PADDING[None], hidden(PADDING)),
        (HEADS, hidden(HEADS)),
        (BIAS, BIAS),
        (BIAS[0], BIAS[0]),
        (BIAS + hidden(HEADS), BIAS + hidden(HEADS)),
        (np.stack([TRIANGLE, TRIANGLE.T])[:, None], hidden(np.stack([TRIANGLE, TRIANGLE.T])[:, None])),
        (np.stack([TRIANGLE, TRIANGLE.T]), hidden(np.stack([TRIANGLE, TRIANGLE.T])[:, None])),
        (np.zeros((5, 5), bool), hidden(np.zeros((5, 5), bool))),
    ],
)
def test_masks(convert, mask, added):
    q, k = vectors(2, 3, 5, 8), vectors(2, 3, 5, 8, seed=1)
    capture = hs.from_arrays(q, k, mask=convert(mask))
    expected = softmax(q, k, added=added)
    for layer in range(2):
        np.testing.assert_allclose(capture.weights(layer), expected[layer], atol=1e-6)


def test_a_mask_for_each_layer():
    q, k = vectors(2, 3, 5, 8), vectors(2, 3, 5, 8, seed=1)
    capture = hs.from_arrays(q, k, mask=[None, TRIANGLE])
    np.testing.assert_allclose(capture.weights(0), softmax(q, k)[0], atol=1e-6)
    np.testing.assert_allclose(capture.weights(1), softmax(q, k, added=CAUSAL)[1], atol=1e-6)


@pytest.mark.parametrize("options", [{"causal": True}, {"mask": "causal"}])
def test_causal(options):
    q, k = vectors(2, 3, 5, 8), vectors(2, 1, 5, 8, seed=1)
    capture = hs.from_arrays(q, k, **options)
    np.testing.assert_allclose(capture.weights(1), softmax(q, k, added=CAUSAL)[1], atol=1e-6)
    records = capture.maps["self"].records
    assert records[0].rules.visible is records[1].rules.visible


def test_a_mask_of_a_batch():
    q, k = vectors(2, 3, 5, 8), vectors(2, 3, 5, 8, seed=1)
    padding = np.stack([np.ones(5, bool), PADDING])
    for mask in (padding, padding[:, None, None]):
        capture = hs.from_arrays(q, k, mask=mask, batch_index=1)
        np.testing.assert_allclose(capture.weights(0), softmax(q, k, added=hidden(PADDING))[1], atol=1e-6)


def test_a_capture_of_vectors_saves_and_loads(tmp_path):
    capture = hs.from_arrays(vectors(2, 4, 5, 8), vectors(2, 2, 5, 8), tokens=TOKENS, mask=BIAS[0], layers=[1])
    capture.save(tmp_path / "x.attn.safetensors")
    loaded = hs.load(tmp_path / "x.attn.safetensors")
    np.testing.assert_array_equal(loaded.weights(1), capture.weights(1))
    assert "given queries and keys" in repr(loaded.report())


# Arguments that do not fit

Q = vectors(2, 4, 5, 8)


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        ((Q, None), {}, ValueError, r"k is None: from_arrays needs queries \(q\) and keys \(k\)"),
        ((3, Q), {}, TypeError, "q must hold one array for each layer, not be 3"),
        ((Q, Q[:1]), {}, ValueError, "q has 2 layers, but k has 1"),
        ((Q, Q[..., :4]), {}, ValueError, r"q\[0\] has vectors of 8 numbers, but k\[0\] has vectors of 4"),
        ((Q, Q[:, :3]), {}, ValueError, r"q\[0\] has 4 heads, but k\[0\] has 3: equally many query heads share"),
        ((Q, Q, Q[:1]), {}, ValueError, "v has 1 layers, but k has 2"),
        ((Q, Q, Q[:, :, :3]), {}, ValueError, r"v\[0\] has 4 heads of 3 positions, but k\[0\] has 4 of 5"),
        (([Q[0], Q[0][:, :3]], [Q[0], Q[0][:, :3]]), {}, ValueError, "layer 1 has 3 queries and 3 keys, but layer 0"),
        ((Q, Q, None, ["a"]), {}, ValueError, "q has 5 query positions, but tokens has 1"),
        ((Q, Q[:, :, :3], None, TOKENS), {}, ValueError, "k has 3 key positions, but tokens has 5"),
        ((Q, Q), {"scale": "1"}, TypeError, "scale must be a number, not '1'"),
        ((Q, Q), {"scale": [1.0]}, ValueError, "scale has 1 numbers for 2 layers"),
        ((Q, Q), {"scale": float("nan")}, ValueError, "scale is nan"),
        ((Q, Q), {"softcap": 0}, ValueError, "softcap is 0"),
        ((Q, Q), {"causal": 1}, TypeError, "causal must be True or False"),
        ((Q, Q), {"causal": True, "mask": TRIANGLE}, ValueError, "mask and causal were both given"),
        ((Q, Q[:, :, :3]), {"causal": True}, ValueError, "causal has two readings with 5 queries and 3 keys"),
        ((Q, Q), {"mask": "full"}, ValueError, "mask is 'full'"),
        ((Q, Q), {"mask": np.ones((4, 4), bool)}, ValueError, r"mask.* has shape \(1, 4, 4\), which does not fit 4"),
        ((Q, Q), {"mask": TRIANGLE * 1.0}, ValueError, "holds 0.0 and 1.0, which can be numbers to add"),
        ((Q, Q), {"mask": TRIANGLE * 2}, ValueError, "whole numbers other than 0 and 1"),
        ((Q, Q), {"mask": np.full((5, 5), np.nan)}, ValueError, "holds NaN or infinity"),
        ((Q[:, :2], Q[:, :2]), {"mask": np.ones((2, 5, 5), bool)}, ValueError, "can be layers or heads"),
        ((Q, Q), {"mask": np.ones((3, 1, 5, 5), bool)}, ValueError, "choose a text of its batch"),
        ((vectors(2, 3, 4, 5, 8),) * 2, {}, ValueError, r"q has shape.*\(batch, layer, head, position, dim\)"),
        (([vectors(5, 8)] * 2,) * 2, {}, ValueError, r"q\[0\] has shape \(5, 8\), which can be \(layer, position, dim"),
        (
            (Q, Q),
            {"axes": "layer head query key"},
            ValueError,
            "axes has 'query': the axes are batch, layer, head, pos",
        ),
        ((Q, Q), {"batch_index": 2}, IndexError, "batch_index 2 is out of range"),
        ((Q, Q), {"scales": 2}, TypeError, r"from_arrays\(\) has no keyword 'scales': did you mean 'scale'"),
    ],
)
def test_arguments_that_do_not_fit(arguments, options, error, message):
    with pytest.raises(error, match=message):
        hs.from_arrays(*arguments, **options)


def test_a_likely_reading_has_a_note():
    notes = hs.from_arrays(Q, Q).report().notes
    assert len(notes) == 2
    assert re.search(r"q has four axes, which were read as \(layer, head, position, dim\).*batch_index", notes[0])
    assert hs.from_arrays(Q[0, 0], Q[0, 0]).report().notes == ()


SHAPES = st.lists(st.integers(0, 3), min_size=1, max_size=5)


@settings(deadline=None, max_examples=150)
@given(
    q=SHAPES,
    k=st.none() | SHAPES,
    form=st.sampled_from([np.asarray, torch.tensor, np.ndarray.tolist, tuple, iter]),
    mask=st.none() | st.sampled_from(["causal", [1], [[True]]]) | SHAPES.map(lambda shape: vectors(*shape) > 0),
    options=st.fixed_dictionaries(
        {},
        optional={
            "tokens": st.sampled_from([list("abc"), 3, "abc", range(2)]),
            "scale": st.sampled_from([0, -1, "x", [1.0], None, np.float32(2)]),
            "batch_index": st.sampled_from([0, 1, -1, "0"]),
            "axes": st.sampled_from(["head position dim", "batch position head dim", "x"]),
        },
    ),
)
def test_no_form_ends_in_a_foreign_error(q, k, form, mask, options):
    arrays = vectors(*q), vectors(*(q if k is None else k), seed=1)
    refused = None
    try:
        capture = hs.from_arrays(form(arrays[0]), form(arrays[1]), mask=mask, **options)
    except (ValueError, TypeError, IndexError) as error:
        refused = error
    if refused is not None:
        arguments = "q", "k", "mask", "tokens", "scale", "batch_index", "axes", "causal", "layer"
        assert str(refused).startswith(arguments), refused
        return
    sums = capture.weights(0).sum(-1)
    assert ((abs(sums - 1) < 1e-5) | (sums == 0)).all()
