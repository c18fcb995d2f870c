"""Inputs in the forms that people have: bare ids, arrays, lists, ragged lists, rows of data sets, tuples, wrappers."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch
import transformers as tf
from torch import nn

import headscope as hs
from headscope.tracing.inputs.columns import for_the_model
from headscope.tracing.inputs.forms import as_mapping, call, main_argument
from zoo.eager import eager_outputs
from zoo.models import SPECIAL, TINY, ZOO, Animal, build, inputs_of

IDS = torch.tensor([[5, 9, 7, 11, 3]])
KINDS = ["bert", "distilbert", "albert", "gpt2", "llama", "falcon", "gptj", "xlnet"]


def animal_of(kind):
    return next((one for one in ZOO if one.kind == kind), None)


@pytest.fixture(scope="module")
def models():
    return {kind: build(animal_of(kind)) for kind in [*KINDS, "vit", "t5", "bart"] if animal_of(kind)}


def model_of(models, kind):
    if kind not in models:
        pytest.skip(f"{kind} is not in the zoo")
    return models[kind]


def assert_same(capture, expected):
    assert list(capture.maps) == list(expected.maps)
    for name, map_ in expected.maps.items():
        assert capture.maps[name].query_tokens == map_.query_tokens
        for layer in map_.layers:
            np.testing.assert_array_equal(capture.weights(layer, map=name), expected.weights(layer, map=name))


FORMS = {
    "tensor": IDS,
    "one row": IDS[0],
    "int32": IDS.int(),
    "uint8": IDS.to(torch.uint8),
    "numpy": IDS.numpy(),
    "uint16": IDS.numpy().astype(np.uint16),
    "list": IDS[0].tolist(),
    "rows": IDS.tolist(),
    "tuple": tuple(IDS[0].tolist()),
    "list of tensors": [IDS[0]],
    "list of arrays": [IDS[0].numpy()],
    "row of a data set": {"input_ids": IDS[0].tolist(), "label": 1, "text": "red green"},
    "rows of a data set": [{"input_ids": IDS[0].tolist(), "attention_mask": [1] * 5}],
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", KINDS)
def test_ids_of_any_form(models, kind, form):
    model = model_of(models, kind)
    assert_same(hs.capture(model, inputs=FORMS[form]), hs.capture(model, inputs={"input_ids": IDS}))


@pytest.mark.parametrize("form", FORMS)
def test_ids_in_the_place_of_the_text_or_the_tokenizer(models, form, seq2seq_tokenizer):
    expected = hs.capture(models["gpt2"], seq2seq_tokenizer, inputs={"input_ids": IDS})
    assert_same(hs.capture(models["gpt2"], seq2seq_tokenizer, FORMS[form]), expected)
    alone = hs.capture(models["gpt2"], FORMS[form])
    assert alone.maps["self"].query_tokens == ("5", "9", "7", "11", "3")


def test_bare_arrays_of_other_models(models):
    pixels = inputs_of(animal_of("vit"))["pixel_values"]
    expected = hs.capture(models["vit"], inputs={"pixel_values": pixels})
    for form in (pixels, pixels.numpy(), pixels.double(), pixels.numpy().astype(np.float64), pixels.tolist()):
        assert_same(hs.capture(models["vit"], inputs=form), expected)
    embedded = models["bert"].get_input_embeddings()(IDS).detach()
    expected = hs.capture(models["bert"], inputs={"inputs_embeds": embedded})
    assert_same(hs.capture(models["bert"], inputs=embedded), expected)


@pytest.mark.parametrize("kind", ["bert", "llama", "gpt2", "falcon", "gptj"])
@pytest.mark.parametrize("row", [0, 1])
def test_ragged_rows_are_padded_for_the_user(models, kind, row):
    model, rows = model_of(models, kind), [[5, 9, 7, 11, 3], [8, 4, 6]]
    mask = torch.tensor([[1] * 5, [1, 1, 1, 0, 0]])
    padded = {"input_ids": torch.tensor([rows[0], [*rows[1], 0, 0]]), "attention_mask": mask}
    expected = hs.capture(model, inputs=padded, batch_index=row)
    for form in (rows, {"input_ids": rows}, [{"input_ids": one} for one in rows], np.array(rows, dtype=object)):
        capture = hs.capture(model, inputs=form, batch_index=row)
        assert_same(capture, expected)
        assert len(capture.maps["self"].query_tokens) == len(rows[row])
        assert "have different lengths: they were padded to 5 positions" in repr(capture.report())


def test_other_ragged_rows(models):
    rows = {
        "input_ids": [[5, 9, 7], [8, 4]],
        "attention_mask": [[1, 1, 1], [1, 1]],
        "token_type_ids": [[0] * 3, [0] * 2],
    }
    assert hs.capture(models["bert"], inputs=rows, batch_index=1).maps["self"].query_tokens == ("8", "4")
    pixels = [[[1.0, 2.0]], [[1.0]]]
    with pytest.raises(ValueError, match=r"inputs\['pixel_values'\] is not an array of numbers"):
        hs.capture(models["vit"], inputs={"pixel_values": pixels})


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ({"text": "red green"}, "inputs['text']"),
        ({"words": ["red", "green"], "text": "red"}, "inputs['words'], inputs['text']"),
        ({"words": [["red", "green"]]}, "inputs['words']"),
        ({"words": np.array(["red", "green"])}, "inputs['words']"),
    ],
)
@pytest.mark.parametrize("kind", ["bert", "distilbert", "gpt2", "llama"])
def test_columns_of_text_are_left_out(models, kind, extra, said):
    capture = hs.capture(model_of(models, kind), inputs={"input_ids": IDS, **extra})
    assert any(said in note and "left out" in note for note in capture.report().notes)
    assert_same(capture, hs.capture(models[kind], inputs={"input_ids": IDS}))


@pytest.mark.parametrize("labels", [1, [1], torch.tensor([1]), [[5, 9, 7, 11, 3]], torch.tensor(1)])
@pytest.mark.parametrize("head", ["BertForSequenceClassification", "BertForTokenClassification", "BertModel"])
def test_labels_of_a_row(head, labels):
    torch.manual_seed(0)
    sizes = {
        "vocab_size": 99,
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "intermediate_size": 48,
    }
    model = getattr(tf, head)(tf.BertConfig(**sizes)).eval()
    capture = hs.capture(model, inputs={"input_ids": IDS, "labels": labels})
    assert_same(capture, hs.capture(model, inputs={"input_ids": IDS}))


@pytest.mark.parametrize(
    "kind", ["BartForSequenceClassification", "T5ForSequenceClassification", "MBartForSequenceClassification"]
)
def test_classifiers_with_a_decoder_read_the_text_in_it(kind):
    auto = "AutoModelForSequenceClassification"
    name = "mbart" if kind.startswith("MB") else kind[:4].lower().removesuffix("fo")
    animal = animal_of(name) or animal_of("bart")
    model = build(Animal(name, animal.config, "pair", auto=auto))
    assert type(model).__name__ == kind
    ids = torch.tensor([[5, 9, 7, 11, 2]])
    capture = hs.capture(model, inputs={"input_ids": ids, "labels": torch.tensor([1])})
    own = eager_outputs(model, {"input_ids": ids})
    flat = [capture.weights(layer, map=name) for name in capture.maps for layer in capture.maps[name].layers]
    assert len(flat) == len(own)
    for found, wanted in zip(flat, own, strict=True):
        np.testing.assert_allclose(found, wanted[0].numpy(), rtol=0, atol=1e-5)


@pytest.mark.parametrize("kind", ["t5", "bart"])
def test_outputs_of_the_encoder_are_passed_on(kind):
    model = build(Animal(kind, animal_of(kind).config, "pair", auto="AutoModelForSeq2SeqLM"))
    with torch.no_grad():
        whole = model.get_encoder()(IDS)
    decoder = torch.tensor([[1, 5, 9]])
    expected = hs.capture(model, inputs={"input_ids": IDS, "decoder_input_ids": decoder})
    for given in (whole, (whole[0],), (whole[0], None)):
        capture = hs.capture(model, inputs={"encoder_outputs": given, "decoder_input_ids": decoder})
        assert set(capture.maps) == {"decoder", "cross"}
        for name in capture.maps:
            np.testing.assert_allclose(capture.weights(1, map=name), expected.weights(1, map=name), rtol=0, atol=1e-6)
    assert "cross" in hs.capture(model, inputs={"encoder_outputs": whole}).maps


def test_memories_of_xlnet(models):
    model = model_of(models, "xlnet")
    mems = model(IDS, use_mems=True).mems
    capture = hs.capture(model, inputs={"input_ids": IDS, "mems": mems})
    with torch.no_grad():
        own = model(IDS, mems=mems, output_attentions=True).attentions
    np.testing.assert_allclose(capture.weights(1), own[1][0].numpy(), rtol=0, atol=1e-5)


class Clf(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.encoder, self.out = model, nn.Linear(32, 2)

    def forward(self, input_ids, attention_mask=None):
        return self.out(self.encoder(input_ids, attention_mask)[0][:, 0])


class Named(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, idx, targets=None):
        assert targets is None
        return self.model(input_ids=idx)


class Starred(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, *tensors):
        return self.model(*tensors)


class OnlyPlaced(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, ids, mask=None, /):
        return self.model(ids, mask)


WRAPPERS = {
    "classifier": Clf,
    "DataParallel": nn.DataParallel,
    "DataParallel of a classifier": lambda model: nn.DataParallel(Clf(model)),
    "Sequential": nn.Sequential,
    "other names": Named,
    "positions only": OnlyPlaced,
}


@pytest.mark.parametrize("wrapper", WRAPPERS)
@pytest.mark.parametrize("kind", ["bert", "llama", "gpt2"])
def test_modules_around_a_model(models, kind, wrapper):
    model = models[kind]
    around = WRAPPERS[wrapper](model).eval()
    expected = hs.capture(model, inputs={"input_ids": IDS})
    for inputs in ({"input_ids": IDS}, IDS, IDS[0].tolist()):
        capture = hs.capture(around, inputs=inputs)
        assert capture.maps["self"].query_tokens == ("5", "9", "7", "11", "3")
        for layer in range(capture.maps["self"].num_layers):
            np.testing.assert_array_equal(capture.weights(layer), expected.weights(layer))


def test_a_tuple_of_arguments(models):
    mask = torch.tensor([[1, 1, 1, 1, 0]])
    expected = hs.capture(models["bert"], inputs={"input_ids": IDS, "attention_mask": mask})
    assert_same(hs.capture(models["bert"], inputs=(IDS, mask)), expected)
    for around in (Starred(models["bert"]), OnlyPlaced(models["bert"])):
        capture = hs.capture(around, inputs=(IDS, mask))
        np.testing.assert_array_equal(capture.weights(1)[:, :4, :4], expected.weights(1))
    with pytest.raises(TypeError, match=r"inputs is a tuple of 3 tensors, but Named\.forward takes 2 arguments"):
        hs.capture(Named(models["bert"]), inputs=(IDS, IDS, IDS))


def test_a_parallel_encoder_decoder(models):
    inputs = {"input_ids": IDS, "decoder_input_ids": IDS}
    assert_same(hs.capture(nn.DataParallel(models["t5"]), inputs=inputs), hs.capture(models["t5"], inputs=inputs))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_the_default_precision_of_a_session(models, dtype):
    pixels = inputs_of(animal_of("vit"))["pixel_values"]
    expected = hs.capture(models["vit"], inputs={"pixel_values": pixels}).weights(0)
    torch.set_default_dtype(dtype)
    try:
        assert hs.capture(models["bert"], inputs=IDS).maps["self"].num_layers == 3
        capture = hs.capture(models["vit"], inputs=pixels.tolist())
    finally:
        torch.set_default_dtype(torch.float32)
    found = capture.weights(0)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 if dtype == torch.float64 else 0.05)


def test_rows_need_the_same_keys(models):
    with pytest.raises(ValueError, match="row 1 has the keys input_ids, row 0 has input_ids, attention_mask"):
        hs.capture(models["bert"], inputs=[{"input_ids": [5], "attention_mask": [1]}, {"input_ids": [5]}])


def test_errors_of_the_model_name_its_arguments(models):
    inputs = {"input_ids": IDS, "token_type_ids": torch.zeros(1, 3, dtype=torch.long)}
    with pytest.raises(ValueError, match=r"BertModel failed with RuntimeError: .*token_type_ids int64 \(1, 3\)"):
        hs.capture(models["bert"], inputs=inputs)


def test_parts(models):
    model = models["bert"]
    assert main_argument(model, IDS) == "input_ids"
    assert main_argument(models["vit"], [[0.5]]) == "pixel_values"
    assert dict(as_mapping([5, 6], model)) == {"input_ids": [5, 6]}
    notes = []
    assert for_the_model({"input_ids": IDS, "length": [5]}, model, notes) == {"input_ids": IDS}
    assert notes == []
    assert torch.equal(call(nn.Linear(2, 2), {"input": torch.ones(1, 2)}).shape and IDS, IDS)
    assert partial(call, OnlyPlaced(model))({"ids": IDS})[0].shape[:2] == (1, 5)
    assert TINY["vocab_size"] == SPECIAL["pad_token_id"] + 99
