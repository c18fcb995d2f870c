"""Captures from arrays, and the methods of attention maps."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import headscope as hs
from headscope.data import pooling as tiles
from headscope.data.layers import Record
from headscope.keywords import reject_unknown

TOKENS = list("abcde")


def weights(*shape: int) -> np.ndarray:
    values = np.random.default_rng(0).random(shape, dtype=np.float32)
    return values / values.sum(-1, keepdims=True)


def softmaxed(layers: int = 2, heads: int = 3, size: int = 5) -> list[np.ndarray]:
    return list(weights(layers, 1, heads, size, size))


# Arrays of any origin


@pytest.mark.parametrize(
    "convert",
    [
        pytest.param(lambda array: array, id="numpy"),
        pytest.param(lambda array: array[0], id="three axes"),
        pytest.param(lambda array: array.astype(np.float64), id="float64"),
        pytest.param(np.asfortranarray, id="fortran order"),
        pytest.param(lambda array: array.tolist(), id="lists"),
        pytest.param(torch.tensor, id="torch"),
        pytest.param(lambda array: torch.tensor(array, requires_grad=True) * 1, id="torch with a graph"),
        pytest.param(
            lambda array: torch.tensor(array).transpose(2, 3).contiguous().transpose(2, 3), id="strided torch"
        ),
    ],
)
def test_any_origin(convert):
    given_ = softmaxed()
    capture = hs.from_attentions(tuple(convert(layer) for layer in given_), TOKENS)
    for layer, expected in enumerate(given_):
        found = capture.weights(layer)
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found, expected[0])


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_converted_exactly(dtype):
    layers = [torch.tensor(layer).to(dtype) for layer in softmaxed()]
    capture = hs.from_attentions(layers, TOKENS)
    np.testing.assert_array_equal(capture.weights(1), layers[1][0].float().numpy())


@pytest.mark.parametrize("layer", [weights(1, 3, 5, 5), torch.tensor(weights(1, 3, 5, 5))])
def test_arrays_are_kept_by_reference(layer):
    capture = hs.from_attentions([layer], TOKENS)
    layer[0, 2, 1, 3] = 7
    assert capture.weights(0, 2, 1, 3) == 7
    assert capture.nbytes == layer.nbytes


@pytest.mark.parametrize("stack", [np.stack(softmaxed()), torch.tensor(np.stack(softmaxed())), iter(softmaxed())])
def test_layers_in_one_array_or_in_an_iterator(stack):
    assert hs.from_attentions(stack, TOKENS).maps["self"].num_layers == 2


def test_layers_may_differ_in_heads():
    layers = [weights(1, heads, 5, 5) for heads in (2, 7, 4)]
    capture = hs.from_attentions(layers, TOKENS)
    map_ = capture.maps["self"]
    assert [map_.num_heads(layer) for layer in range(3)] == [2, 7, 4]
    np.testing.assert_array_equal(capture.weights(1, 6), layers[1][0, 6])
    assert map_.info()["num_heads"] == [2, 7, 4]
    assert "2-7 heads" in repr(capture)


def test_encoder_and_decoder_may_differ_in_layers():
    capture = hs.from_attentions(
        encoder_attentions=[weights(1, 2, 4, 4)],
        decoder_attentions=[weights(1, 2, 3, 3)] * 3,
        cross_attentions=[weights(1, 2, 3, 4)] * 3,
        encoder_tokens=list("wxyz"),
        decoder_tokens=list("abc"),
        sentence_b_start=2,
    )
    assert {name: map_.num_layers for name, map_ in capture.maps.items()} == {"encoder": 1, "decoder": 3, "cross": 3}
    cross = capture.maps["cross"]
    assert (cross.query_tokens, cross.key_tokens) == (tuple("abc"), tuple("wxyz"))
    assert [map_.sentence_b_start for map_ in capture.maps.values()] == [2, None, None]
    assert capture.weights(2, map="cross").shape == (2, 3, 4)


@pytest.mark.parametrize("kind", ["encoder", "decoder"])
def test_one_side_alone(kind):
    capture = hs.from_attentions(**{f"{kind}_attentions": softmaxed(), f"{kind}_tokens": TOKENS})
    assert list(capture.maps) == [kind]


def test_keys_may_have_tokens_of_their_own():
    capture = hs.from_attentions([weights(2, 1, 5)], ["now"], key_tokens=TOKENS)
    assert capture.maps["self"].key_tokens == tuple(TOKENS)


def test_tokens_are_made_readable_or_left():
    raw = ["[CLS]", "Ġa", "▁b", "</s>", "\n"]
    map_ = hs.from_attentions(softmaxed(), raw).maps["self"]
    assert map_.query_tokens == ("[CLS]", " a", " b", "</s>", "\n")
    assert map_.query_special == map_.key_special == (0, 3)
    assert hs.from_attentions(softmaxed(), raw, prettify=False).maps["self"].query_tokens == tuple(raw)


def test_not_finite_weights_are_missing():
    layer = weights(1, 2, 5, 5)
    layer[0, 0, 1, 1], layer[0, 1, 2, 2], layer[0, 1, 3, 3] = np.nan, np.inf, -np.inf
    capture = hs.from_attentions([layer], TOKENS)
    assert np.isnan(capture.weights(0)).sum() == 3
    assert np.isinf(layer).sum() == 2, "the given array is left alone"


def test_batch_index_chooses_the_row():
    batch = weights(3, 2, 5, 5)
    capture = hs.from_attentions([batch], TOKENS, batch_index=2)
    np.testing.assert_array_equal(capture.weights(0), batch[2])


def test_chosen_layers_keep_their_numbers():
    capture = hs.from_attentions(softmaxed(4), TOKENS, layers=[3, 1])
    map_ = capture.maps["self"]
    assert (map_.num_layers, map_.layers) == (4, (1, 3))
    np.testing.assert_array_equal(capture.weights(3), softmaxed(4)[3][0])
    assert np.isnan(map_.overview(0)).all()
    with pytest.raises(ValueError, match="layer 2 was left out: layers= kept only layers 1, 3 of the 'self' map"):
        capture.weights(2)


# Arguments that do not fit

ENCODER = {"encoder_attentions": softmaxed(), "encoder_tokens": TOKENS}


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((), {}, "no attention was given"),
        ((None, TOKENS), {}, "no attention was given"),
        (((), TOKENS), {}, r"attentions is empty.*attn_implementation=.eager.*hs\.capture"),
        (((None, None), TOKENS), {}, r"attentions\[0\] is None.*output_attentions=True"),
        (([weights(5, 5)] * 2, TOKENS), {}, r"attentions\[0\] has shape \(5, 5\), which can be \(layer, query, key\)"),
        (([weights(1, 1, 2, 5, 5)], TOKENS), {}, "attention weights are"),
        (
            ([weights(2, 3, 5, 5)], TOKENS),
            {},
            r"attentions\[0\] holds a batch of 2 texts.*batch_index=0 or batch_index=1",
        ),
        (([weights(4, 3, 5, 5)], TOKENS), {}, "batch of 4 texts.*batch_index=0 to 3"),
        (([weights(1, 0, 5, 5)], TOKENS), {}, "there are no numbers in it"),
        (([[[0.5, 0.5], [1.0]]], TOKENS), {}, r"attentions\[0\] is not an array"),
        (([weights(1, 2, 5, 5), weights(1, 2, 4, 4)], TOKENS), {}, r"attentions\[1\] has 4 x 4 positions.*5 x 5"),
        ((softmaxed(), ["a", "b"]), {}, "attentions has 5 query positions, but tokens has 2"),
        ((softmaxed(), TOKENS), {"key_tokens": ["a"]}, "attentions has 5 key positions, but key_tokens has 1"),
        ((softmaxed(), TOKENS), ENCODER, "attentions was given together with encoder_attentions, encoder_tokens"),
        ((softmaxed(), TOKENS), {"decoder_tokens": TOKENS}, "attentions was given together with decoder_tokens"),
        ((None, TOKENS), ENCODER, "tokens can't go with encoder_attentions"),
        (
            (),
            {"decoder_attentions": softmaxed(), "decoder_tokens": TOKENS, "sentence_b_start": 1},
            "sentence_b_start can't",
        ),
        ((softmaxed(), TOKENS), {"layers": []}, "layers is empty"),
        ((softmaxed(), TOKENS), {"sentence_b_start": 0}, "sentence_b_start is 0: with 5 tokens it can be from 1 to 4"),
        ((softmaxed(), TOKENS), {"sentence_b_start": 5}, "sentence_b_start is 5"),
    ],
)
def test_arguments_that_do_not_fit(arguments, options, message):
    with pytest.raises(ValueError, match=message):
        hs.from_attentions(*arguments, **options)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((3, TOKENS), {}, "attentions must hold one array for each layer, not be 3"),
        (({"a": 1}, TOKENS), {}, "attentions must hold one array for each layer"),
        ((softmaxed(), "abcde"), {}, "tokens must be a sequence of strings"),
        ((softmaxed(), [1.5, 2, 3, 4, 5]), {}, r"tokens\[0\] is 1.5 \(float\).*convert_ids_to_tokens"),
        (([[[["a"] * 5] * 5] * 2], TOKENS), {}, "must hold real numbers"),
        ((softmaxed(), TOKENS), {"sentence_b_start": "2"}, "sentence_b_start must be a position"),
        ((softmaxed(), TOKENS), {"token": 1}, r"from_attentions\(\) has no keyword 'token': did you mean 'tokens'\?"),
    ],
)
def test_the_wrong_kind_of_argument(arguments, options, message):
    with pytest.raises(TypeError, match=message):
        hs.from_attentions(*arguments, **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layers": [2]}, "layers: layer 2 is out of range: valid is from 0 to 1"),
        ({"layers": [-1]}, "layers: layer -1 is out of range"),
        ({"batch_index": 1}, "batch_index 1 is out of range: valid is 0, the only one"),
    ],
)
def test_out_of_range(options, message):
    with pytest.raises(IndexError, match=message):
        hs.from_attentions(softmaxed(), TOKENS, **options)


def test_unknown_keywords():
    reject_unknown("f", [], ["layer"])
    with pytest.raises(TypeError, match=r"f\(\) has no keyword 'layr': did you mean 'layer'\?"):
        reject_unknown("f", ["layr"], ["head", "layer"])
    with pytest.raises(TypeError, match=r"f\(\) has no keyword 'zz': it takes head, layer\."):
        reject_unknown("f", ["zz"], ["head", "layer"])


# Reading weights


@pytest.fixture(scope="module")
def capture() -> hs.Capture:
    return hs.from_attentions(softmaxed(2, 3, 5), TOKENS, name="five tokens")


@pytest.mark.parametrize(
    ("where", "shape"),
    [
        ((0,), (3, 5, 5)),
        ((0, 1), (5, 5)),
        ((0, None, 2), (3, 5)),
        ((0, 1, 2, 3), ()),
        ((0, [2, 0]), (2, 5, 5)),
        ((0, [2]), (1, 5, 5)),
        ((0, np.array([1, 2]), slice(1, 3), [4, 0, 4]), (2, 2, 3)),
        ((0, np.int64(1), range(0, 5, 2), slice(-2, None)), (3, 2)),
        ((np.int64(1), torch.tensor(1)), (5, 5)),
        ((0, slice(0), slice(3, 1), []), (0, 0, 0)),
    ],
)
def test_an_axis_of_one_position_is_dropped(capture, where, shape):
    assert capture.weights(*where).shape == shape


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ((2,), "layer 2 is out of range: valid is from 0 to 1"),
        ((-1,), "layer -1 is out of range"),
        ((0, 3), "head 3 is out of range: valid is from 0 to 2"),
        ((0, [0, -1]), "head -1 is out of range"),
        ((0, 0, 5), "query 5 is out of range"),
        ((0, 0, 0, [1, 9]), "key 9 is out of range"),
    ],
)
def test_positions_out_of_range(capture, where, message):
    with pytest.raises(IndexError, match=message):
        capture.weights(*where)


@pytest.mark.parametrize("where", [("0",), (0, "1"), (0, 1.0), (True,), (0, [True]), (0, 0, [0.5])])
def test_invalid_positions(capture, where):
    with pytest.raises(TypeError, match="position"):
        capture.weights(*where)


def test_an_unknown_map(capture):
    with pytest.raises(ValueError, match="there is no attention map 'cross': this capture has 'self'"):
        capture.weights(0, map="cross")


def test_repr(capture):
    assert repr(capture) == "<Capture of five tokens: self: 2 layers x 3 heads, 5 tokens; 0.6 kB>"
    assert repr(capture.maps["self"]) == "AttentionMap('self': 2 layers x 3 heads, 5 queries x 5 keys)"


# Overviews


def pooled(whole: np.ndarray, bins: int) -> np.ndarray:
    """Compute an overview by its definition, bin by bin."""
    heads, *sizes = whole.shape
    counts = [min(size, bins) for size in sizes]
    result = np.full((heads, *counts), np.nan, dtype=np.float32)
    for place in np.ndindex(*counts):
        spans = [slice(b * n // c, (b + 1) * n // c) for b, n, c in zip(place, sizes, counts, strict=True)]
        for head in range(heads):
            found = whole[head][tuple(spans)]
            found = found[~np.isnan(found)]
            result[head][place] = found.max() if found.size else np.nan
    return result


@settings(deadline=None)
@given(
    sizes=st.tuples(st.integers(1, 3), st.integers(1, 40), st.integers(1, 40)),
    bins=st.integers(1, 12),
    budget=st.integers(1, 400),
    missing=st.sampled_from([0, 0.3, 0.95]),
)
def test_an_overview_equals_direct_pooling(sizes, bins, budget, missing):
    generator = np.random.default_rng(sum(sizes))
    whole = generator.random(sizes, dtype=np.float32)
    whole[generator.random(sizes) < missing] = np.nan
    map_ = hs.from_attentions([whole], ["q"] * sizes[1], key_tokens=["k"] * sizes[2]).maps["self"]
    before, tiles.CHUNK_WEIGHTS = tiles.CHUNK_WEIGHTS, budget
    try:
        np.testing.assert_array_equal(map_.overview(0, bins=bins), pooled(whole, bins))
    finally:
        tiles.CHUNK_WEIGHTS = before


def test_an_overview_reads_a_few_rows_at_a_time(monkeypatch):
    asked = []

    class Rows(Record):
        num_heads, num_queries, num_keys, nbytes = 4, 300, 50, 0

        def weights(self, heads, queries, keys):
            asked.append(len(heads) * (queries.stop - queries.start) * (keys.stop - keys.start))
            return np.ones((len(heads), queries.stop - queries.start, keys.stop - keys.start), np.float32)

    monkeypatch.setattr(tiles, "CHUNK_WEIGHTS", 3000)
    map_ = hs.AttentionMap("self", [Rows()], [""] * 300, [""] * 50)
    assert (map_.overview(0) == 1).all()
    assert sum(asked) == 4 * 300 * 50
    assert max(asked) <= 3000


@pytest.mark.parametrize("kind", ["bert", "mistral", "gpt_oss"])
def test_an_overview_of_a_captured_model(tiny, kind):
    capture = hs.capture(tiny(kind).model, inputs={"input_ids": [list(range(5, 55))]})
    for heads in (None, [3, 1]):
        overview = capture.maps["self"].overview(1, heads, 16)
        np.testing.assert_allclose(overview, pooled(capture.weights(1, heads), 16), rtol=0, atol=1e-6)


def test_bins_must_be_positive(capture):
    with pytest.raises(ValueError, match="bins must be at least 1, not 0"):
        capture.maps["self"].overview(0, bins=0)


def test_a_map_checks_its_records():
    record = hs.from_attentions(softmaxed(), TOKENS).maps["self"].records[0]
    with pytest.raises(ValueError, match="layer 0 of the 'x' map has 5 query positions, but there are 2 query tokens"):
        hs.AttentionMap("x", [record], ["a", "b"], TOKENS)
    with pytest.raises(ValueError, match="the 'x' map has no layers"):
        hs.AttentionMap("x", [], TOKENS, TOKENS)
    with pytest.raises(ValueError, match="at least one attention map"):
        hs.Capture([])
