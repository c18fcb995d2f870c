"""Which axis is which: read where all readings agree or the container tells, chosen with `axes=`, refused elsewhere."""

from __future__ import annotations

import re
from itertools import permutations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import headscope as hs

NAMES = ("batch", "layer", "head", "query", "key")


def weights(*shape: int) -> np.ndarray:
    found = np.random.default_rng(0).random(shape, dtype=np.float32)
    return found / found.sum(-1, keepdims=True)


def layers_of(capture: hs.Capture) -> list[np.ndarray]:
    return [capture.weights(layer) for layer in range(capture.maps["self"].num_layers)]


def assert_layers(capture: hs.Capture, expected: list[np.ndarray]) -> None:
    found = layers_of(capture)
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


# Read


@pytest.mark.parametrize("convert", [np.asarray, torch.tensor, np.ndarray.tolist])
@pytest.mark.parametrize(
    ("shape", "options", "expected"),
    [
        ((4, 4), {}, lambda w: [w[None]]),
        ((3, 4, 4), {}, lambda w: [w]),
        ((3, 4, 4), {"batch_index": 1}, lambda w: [w[1][None]]),
        ((1, 3, 4, 4), {}, lambda w: [w[0]]),
        ((1, 1, 4, 4), {}, lambda w: [w[0]]),
        ((2, 3, 4, 4), {"batch_index": 1}, lambda w: [w[1]]),
        ((2, 1, 3, 4, 4), {}, lambda w: [w[0, 0], w[1, 0]]),
        ((2, 1, 3, 4, 4), {"batch_index": 0}, lambda w: [w[0, 0], w[1, 0]]),
        ((1, 2, 3, 4, 4), {}, lambda w: [w[0, 0], w[0, 1]]),
        ((1, 1, 3, 4, 4), {}, lambda w: [w[0, 0]]),
        ((2, 3, 4, 4), {"axes": "layer head query key"}, list),
        ((2, 3, 4, 4), {"axes": "batch head query key", "batch_index": 1}, lambda w: [w[1]]),
        ((2, 3, 4, 4), {"axes": "batch layer query key", "batch_index": 1}, lambda w: [w[1, :1], w[1, 1:2], w[1, 2:]]),
        ((2, 5, 3, 4, 4), {"axes": "batch layer head query key", "batch_index": 1}, lambda w: list(w[1])),
        ((2, 5, 3, 4, 4), {"axes": "layer batch head query key", "batch_index": 4}, lambda w: list(w[:, 4])),
        ((2, 4, 4), {"axes": ["layer", "query", "key"]}, lambda w: [w[:1], w[1:]]),
        ((4, 4, 3), {"axes": "keys, queries, heads"}, lambda w: [w.transpose(2, 1, 0)]),
    ],
)
def test_one_array(convert, shape, options, expected):
    array = weights(*shape)
    assert_layers(hs.from_attentions(convert(array), list("abcd"), **options), expected(array))


@pytest.mark.parametrize(
    ("shapes", "options", "expected"),
    [
        ([(4, 4)], {}, lambda parts: [parts[0][None]]),
        ([(3, 4, 4), (2, 4, 4)], {}, list),
        ([(3, 4, 4), (3, 4, 4)], {"batch_index": 2}, lambda parts: [part[2:] for part in parts]),
        ([(2, 3, 4, 4), (2, 5, 4, 4)], {"batch_index": 1}, lambda parts: [part[1] for part in parts]),
        ([(4, 4), (4, 4)], {"axes": "layer query key"}, lambda parts: [part[None] for part in parts]),
        ([(4, 4), (4, 4)], {"axes": "head query key"}, lambda parts: [np.stack(parts)]),
        ([(3, 4, 4)] * 2, {"axes": "batch head query key", "batch_index": 1}, lambda parts: [parts[1]]),
        ([(3, 4, 4), (2, 4, 4)], {"axes": "layer head key query"}, lambda parts: [p.transpose(0, 2, 1) for p in parts]),
    ],
)
@pytest.mark.parametrize("hold", [tuple, iter, list])
def test_arrays_in_a_container(shapes, options, expected, hold):
    parts = [weights(*shape) for shape in shapes]
    assert_layers(hs.from_attentions(hold(parts), **options), expected(parts))


def test_averaged_weights_of_multihead_attention():
    inputs = torch.randn(3, 7, 16)
    averaged = torch.nn.MultiheadAttention(16, 4, batch_first=True)(inputs, inputs, inputs)[1]
    for text in range(3):
        for given_ in (averaged, [averaged], averaged.detach().numpy()):
            assert_layers(hs.from_attentions(given_, batch_index=text), [averaged[text][None].detach().numpy()])
    # torch recorded that these are means over the second axis, so the first one can't be heads.
    with pytest.raises(ValueError, match=r"\(batch, query, key\).*or \(layer, query, key\).*axes='batch query key'"):
        hs.from_attentions(averaged)
    inputs = torch.randn(7, 16)
    alone = torch.nn.MultiheadAttention(16, 4)(inputs, inputs, inputs)[1]
    assert_layers(hs.from_attentions(alone), [alone[None].detach().numpy()])


@pytest.mark.parametrize(
    ("given_", "note"),
    [
        (weights(3, 4, 4), r"three axes, which were read as \(head, query, key\).*batch_index"),
        ([weights(3, 4, 4)] * 2, r"attentions\[0\] has three axes"),
        (weights(1, 2, 3, 4, 4), "read as 2 layers of a batch of one text.*axes='layer batch head query key'"),
        (weights(2, 1, 3, 4, 4), "read as 2 layers of a batch of one text.*axes='batch layer head query key'"),
    ],
)
def test_a_likely_reading_has_a_note(given_, note):
    notes = hs.from_attentions(given_).report().notes
    assert len(notes) == 1
    assert re.search(note, notes[0])


@pytest.mark.parametrize("given_", [weights(4, 4), [weights(1, 3, 4, 4)] * 2, weights(1, 1, 3, 4, 4)])
def test_a_certain_reading_has_no_note(given_):
    assert hs.from_attentions(given_).report().notes == ()


# Refused


@pytest.mark.parametrize(
    ("given_", "options", "readings"),
    [
        (weights(3, 4, 7, 7), {}, ["(layer, head, query, key)", "(batch, head, query, key)"]),
        (weights(3, 1, 7, 7), {}, ["(layer, head, query, key)", "(batch, head, query, key)"]),
        (weights(3, 4, 7, 7).tolist(), {}, ["(layer, head, query, key)", "(batch, head, query, key)"]),
        (weights(2, 6, 4, 7, 7), {}, ["(layer, batch, head, query, key)", "(batch, layer, head, query, key)"]),
        (weights(2, 6, 4, 7, 7), {"batch_index": 5}, ["(layer, batch, head,", "(batch, layer, head,"]),
        (weights(2, 6, 4, 7, 7), {"batch_index": 1}, ["(layer, batch, head,", "(batch, layer, head,"]),
        (weights(2, 1, 4, 7, 7), {"batch_index": 1}, ["(layer, batch, head,", "(batch, layer, head,"]),
        ([weights(7, 7)] * 3, {}, ["(layer, query, key)", "(head, query, key)"]),
    ],
)
def test_a_shape_with_several_readings_is_refused(given_, options, readings):
    with pytest.raises(ValueError, match="Choose with axes=") as raised:
        hs.from_attentions(given_, list("abcdefg"), **options)
    for reading in readings:
        assert reading in str(raised.value)
        assert f"axes='{reading.strip('(),').replace(',', '')}" in str(raised.value)


@pytest.mark.parametrize(
    ("given_", "options", "error", "message"),
    [
        (weights(2, 2, 2, 2, 2, 2), {}, ValueError, r"shape \(2, 2, 2, 2, 2, 2\); attention weights have from two"),
        (weights(4), {}, ValueError, r"shape \(4,\)"),
        (weights(0, 4, 4), {}, ValueError, "there are no numbers in it"),
        (weights(3, 4, 4), {"batch_index": 3}, IndexError, "batch_index 3 is out of range"),
        (weights(4, 4), {"batch_index": 1}, IndexError, "batch_index 1 is out of range"),
        (weights(3, 4, 4), {"batch_index": "1"}, TypeError, "batch_index must be a position"),
        (weights(3, 4, 4), {"axes": "row column"}, ValueError, "axes has 'row': the axes are batch, layer, head"),
        (weights(3, 4, 4), {"axes": "head query query"}, ValueError, "axes has 'query' twice"),
        (weights(3, 4, 4), {"axes": "layer head query"}, ValueError, "it must name query and key"),
        (weights(3, 4, 4), {"axes": "query key"}, ValueError, r"shape \(3, 4, 4\), which are 3 axes, but axes names"),
        (weights(3, 4, 4), {"axes": 3}, TypeError, "axes must name the axes"),
        (weights(3, 4, 4), {"axes": "head query key", "batch_index": 0}, ValueError, "axes names no batch"),
        (weights(3, 4, 4), {"axes": "batch query key"}, ValueError, "holds a batch of 3 texts"),
    ],
)
def test_axes_that_do_not_fit(given_, options, error, message):
    with pytest.raises(error, match=message):
        hs.from_attentions(given_, **options)


# All forms


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_named_axes_in_any_order(data):
    present = [*data.draw(st.lists(st.sampled_from(NAMES[:3]), unique=True)), "query", "key"]
    names = data.draw(st.sampled_from(sorted(permutations(present))))
    sizes = {name: data.draw(st.integers(1, 4), name) for name in NAMES}
    array = weights(*(sizes[name] for name in names))
    row = data.draw(st.integers(0, sizes["batch"] - 1)) if "batch" in names else None
    whole = np.einsum(array, list(map(NAMES.index, names)), [n for n, name in enumerate(NAMES) if name in names])
    whole = whole.reshape([sizes[name] if name in names else 1 for name in NAMES])
    form = data.draw(st.sampled_from([np.asarray, torch.tensor, np.ndarray.tolist, tuple, list]))
    capture = hs.from_attentions(form(array), axes=" ".join(names), batch_index=row)
    assert_layers(capture, list(whole[row or 0]))


FORMS = st.sampled_from([np.asarray, torch.tensor, np.ndarray.tolist, tuple, list, iter])
TOKEN_FORMS = st.sampled_from([None, list("abcd"), (str(n) for n in range(4)), np.arange(4), "abcd", 7, [None] * 4])


@settings(deadline=None, max_examples=150)
@given(
    shape=st.lists(st.integers(0, 4), min_size=0, max_size=6),
    form=FORMS,
    wrap=st.booleans(),
    tokens=TOKEN_FORMS,
    batch_index=st.sampled_from([None, 0, 1, 9, -1, "0"]),
    axes=st.sampled_from([None, "head query key", "layer head query key", "batch layer head query key", "x"]),
)
def test_no_form_ends_in_a_foreign_error(shape, form, wrap, tokens, batch_index, axes):
    array = weights(*shape)
    try:
        made = form(array)
    except TypeError:  # an array without axes has no parts
        made = array
    try:
        capture = hs.from_attentions([made] if wrap else made, tokens, batch_index=batch_index, axes=axes)
    except (ValueError, TypeError, IndexError) as error:
        refused = error
    else:
        refused = None
    if refused is not None:
        assert str(refused).startswith(("attentions", "tokens", "batch_index", "axes", "key_tokens"))
        return
    array = array if array.ndim > 1 else array[None]  # a list around one row makes a matrix
    for layer in layers_of(capture):
        assert all((heads == array[..., :, :].reshape(-1, *array.shape[-2:])).all((1, 2)).any() for heads in layer)
