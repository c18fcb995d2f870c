"""BertViz's `neuron_view`: `show`, and `get_attention` against BertViz's own on its own classes."""

from __future__ import annotations

import importlib
import inspect
import json
import shutil
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from IPython.display import HTML
from transformers.utils import logging

from headscope import bertviz as ours
from headscope.bertviz import transformers_neuron_view as classes


def test_the_neuron_view_s_signature_is_bertviz_own() -> None:
    theirs = pytest.importorskip("bertviz.neuron_view")
    assert (
        inspect.signature(ours.neuron_view.show).parameters.keys() == inspect.signature(theirs.show).parameters.keys()
    )
    expected = [parameter.default for parameter in inspect.signature(theirs.show).parameters.values()]
    assert [p.default for p in inspect.signature(ours.neuron_view.show).parameters.values()] == expected


def test_the_neuron_view_runs_the_user_s_own_model(minilm: Any, displayed: list[Any]) -> None:
    model, tokenizer = minilm.model, minilm.tokenizer
    ours.neuron_view.show(model, "bert", tokenizer, "The cat sat", "It lay down", layer=2, head=3)
    [view] = displayed
    assert (view.view, view.theme, view.layer, view.heads) == ("neuron", "dark", 2, [3])
    info = view.store.maps[0]
    assert info["query_tokens"][:3] == ["[CLS]", "the", "cat"]
    assert info["sentence_b_start"] == 5
    assert info["no_vectors"] == [""] * 6


def test_the_neuron_view_returns_a_page(minilm: Any) -> None:
    page = ours.neuron_view.show(minilm.model, "bert", minilm.tokenizer, "The cat", html_action="return")
    assert isinstance(page, HTML)
    assert "-vectors-self-5" in page.data


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sentence_a": ""}, "sentence_a is required"),
        ({"model_type": "gpt2"}, "the model is of type 'bert'"),
        ({"html_action": "save"}, "html_action"),
        ({"display_mode": "grey"}, "display_mode"),
        ({"layer": 6}, "layer"),
        ({"head": 12}, "head 12 is out of range"),
    ],
)
def test_the_neuron_view_names_bad_input(
    minilm: Any, arguments: dict[str, Any], message: str, displayed: list[Any]
) -> None:
    given = {"model_type": "bert", "tokenizer": minilm.tokenizer, "sentence_a": "The cat"} | arguments
    with pytest.raises(ValueError, match=message):
        ours.neuron_view.show(minilm.model, **given)
    assert displayed == []


@pytest.mark.parametrize("name", ["sentence_a", "sentence_b"])
def test_the_neuron_view_takes_one_string(minilm: Any, name: str) -> None:
    given = {"sentence_a": "The cat", name: ["The cat", "The mat"]}
    with pytest.raises(TypeError, match=f"{name} must be one string, not list"):
        ours.neuron_view.show(minilm.model, "bert", minilm.tokenizer, **given)


def test_a_checkpoint_may_be_loaded_by_the_class_of_another_type(checkpoints: Path, tmp_path: Path) -> None:
    shutil.copytree(checkpoints / "roberta-base", tmp_path, dirs_exist_ok=True)
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | {"model_type": "camembert"}))
    logging.set_verbosity_error()
    model = classes.RobertaModel.from_pretrained(tmp_path)
    assert model.config.model_type == "camembert"
    tokenizer = classes.RobertaTokenizer.from_pretrained(checkpoints / "roberta-base")
    for type_ in ("roberta", "camembert"):
        assert ours.get_attention(model, type_, tokenizer, "the cat")["all"]["left_text"][0] == "[CLS]"
    with pytest.raises(ValueError, match="the model is of type 'camembert'"):
        ours.get_attention(model, "bert", tokenizer, "the cat")


def test_a_pair_is_refused_for_a_model_that_takes_none(tiny: Any, smollm2_tokenizer: Any) -> None:
    with pytest.raises(ValueError, match="takes no pairs"):
        ours.neuron_view.show(tiny("llama").model, "llama", smollm2_tokenizer, "One", "Two")


def test_get_attention_s_signature_is_bertviz_own() -> None:
    theirs = pytest.importorskip("bertviz.neuron_view")
    expected = inspect.signature(theirs.get_attention).parameters.values()
    found = inspect.signature(ours.get_attention).parameters.values()
    assert [(p.name, p.default) for p in found] == [(p.name, p.default) for p in expected]


TEXTS = {
    "bert": ("BertModel", "BertTokenizer", "bert-base-uncased"),
    "gpt2": ("GPT2Model", "GPT2Tokenizer", "gpt2"),
    "roberta": ("RobertaModel", "RobertaTokenizer", "roberta-base"),
}


@pytest.mark.parametrize("include", [False, True])
@pytest.mark.parametrize(("kind", "pair"), [("bert", False), ("bert", True), ("gpt2", False), ("roberta", True)])
def test_get_attention_is_bertviz_own(kind: str, pair: bool, include: bool, checkpoints: Path) -> None:
    pytest.importorskip("bertviz")

    def run(package: str) -> Any:
        classes = importlib.import_module(f"{package}.transformers_neuron_view")
        model_name, tokenizer_name, folder = TEXTS[kind]
        model, tokenizer = (
            getattr(classes, name).from_pretrained(str(checkpoints / folder)) for name in (model_name, tokenizer_name)
        )
        get_attention = importlib.import_module(f"{package}.neuron_view").get_attention
        texts = ["The cat slowly sat on the mat", *(["the rug, on the cat"] if pair else [])]
        return get_attention(model, kind, tokenizer, *texts, include_queries_and_keys=include)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # BertViz never closes its files
        expected = run("bertviz")
    found = run("headscope.bertviz")
    assert list(found) == list(expected) == (["all", "aa", "bb", "ab", "ba"] if pair else ["all"])
    for name, part in expected.items():
        assert found[name].keys() == part.keys()
        for key, value in part.items():
            assert type(found[name][key]) is list
            if key.endswith("_text"):
                assert found[name][key] == value
            else:
                assert len(found[name][key]) == len(value) == 3
                np.testing.assert_allclose(found[name][key], value, atol=1e-4 if key != "attn" else 1e-5, rtol=1e-5)


def test_get_attention_repeats_the_keys_of_shared_heads(tiny: Any, smollm2_tokenizer: Any) -> None:
    loaded = tiny("llama")
    tokenizer = IdsOf(smollm2_tokenizer, loaded.model.config.vocab_size)
    found = ours.get_attention(loaded.model, "llama", tokenizer, "a b c d", include_queries_and_keys=True)["all"]
    config = loaded.model.config
    queries, keys, weights = (np.array(found[key]) for key in ("queries", "keys", "attn"))
    assert queries.shape == keys.shape
    assert queries.shape[1] == config.num_attention_heads > config.num_key_value_heads
    scores = queries @ keys.swapaxes(-1, -2) / np.sqrt(queries.shape[-1])
    scores[..., ~np.tri(scores.shape[-1], dtype=bool)] = -np.inf
    expected = np.exp(scores - scores.max(-1, keepdims=True))
    np.testing.assert_allclose(weights, expected / expected.sum(-1, keepdims=True), atol=1e-5)


class IdsOf:
    """A tokenizer whose ids fit a small vocabulary."""

    def __init__(self, tokenizer: Any, size: int) -> None:
        self._tokenizer, self._size = tokenizer, size

    def __call__(self, *texts: str, **keywords: Any) -> Any:
        encoded = self._tokenizer(*texts, **keywords)
        encoded["input_ids"] = encoded["input_ids"] % self._size
        return encoded

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tokenizer, name)


def test_get_attention_says_why_there_are_no_queries(xlnet: Any) -> None:
    model, tokenizer = xlnet
    found = ours.get_attention(model, "xlnet", tokenizer, "a b c")
    expected = model(tokenizer("a b c", return_tensors="pt")["input_ids"], output_attentions=True).attentions
    np.testing.assert_allclose(found["all"]["attn"], [layer[0].tolist() for layer in expected], atol=1e-6)
    with pytest.raises(ValueError, match="no queries and keys"):
        ours.get_attention(model, "xlnet", tokenizer, "a b c", include_queries_and_keys=True)


def test_get_attention_refuses_several_maps(tiny: Any, smollm2_tokenizer: Any) -> None:
    loaded = tiny("bart")
    tokenizer = IdsOf(smollm2_tokenizer, loaded.model.config.vocab_size)
    with pytest.raises(ValueError, match=r"one attention map, but .* has encoder, decoder, cross: use headscope"):
        ours.get_attention(loaded.model, "bart", tokenizer, "a b c")


BAD = [
    {"model_type": "llama"},
    {"sentence_a": ""},
    {"sentence_a": None},
    {"html_action": "save"},
    {"model_type": "gpt2", "sentence_b": "the mat"},
]


@pytest.mark.parametrize("arguments", BAD, ids=str)
def test_errors_are_of_bertviz_kind(arguments: dict[str, Any], checkpoints: Path, displayed: list[Any]) -> None:
    def kind_with(package: str) -> type[Exception]:
        kind = "gpt2" if arguments.get("model_type") == "gpt2" else "bert"
        both = importlib.import_module(f"{package}.transformers_neuron_view")
        parts = [getattr(both, name).from_pretrained(str(checkpoints / TEXTS[kind][2])) for name in TEXTS[kind][:2]]
        given = {"model": parts[0], "model_type": kind, "tokenizer": parts[1], "sentence_a": "the cat"}
        with pytest.raises(Exception, match=r"\w") as caught:
            importlib.import_module(f"{package}.neuron_view").show(**given | arguments)
        return caught.type

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # BertViz never closes its files
        theirs = kind_with("bertviz")
    assert issubclass(kind_with("headscope.bertviz"), theirs)
    assert displayed == []


@pytest.mark.parametrize("class_name", ["BertModel", "BertForSequenceClassification", "BertForQuestionAnswering"])
def test_a_pair_s_parts_make_up_the_whole(class_name: str, checkpoints: Path) -> None:
    logging.set_verbosity_error()
    model = getattr(classes, class_name).from_pretrained(checkpoints / "bert-base-uncased", output_attentions=True)
    tokenizer = classes.BertTokenizer.from_pretrained(checkpoints / "bert-base-uncased", do_lower_case=True)
    found = ours.get_attention(model, "bert", tokenizer, "The cat sat", "on a quickly crawled rug")
    whole, *parts = (np.array(found[name]["attn"]) for name in ("all", "aa", "ab", "ba", "bb"))
    rows = [np.concatenate(parts[:2], axis=-1), np.concatenate(parts[2:], axis=-1)]
    np.testing.assert_array_equal(np.concatenate(rows, axis=-2), whole)
    assert found["ab"]["left_text"] == ["[CLS]", "the", "cat", "sat", "[SEP]"]
    assert found["ab"]["right_text"] == ["on", "a", "quick", "##ly", "crawled", "rug", "[SEP]"]
    ids = tokenizer("The cat sat", "on a quickly crawled rug", return_tensors="pt")
    expected = model.eval()(**ids).attentions
    np.testing.assert_allclose(whole, [layer[0].tolist() for layer in expected], atol=1e-5)
