"""BertViz's signatures, filters and errors."""

import inspect
from typing import Any

import numpy as np
import pytest
import torch
from IPython.display import HTML

from headscope import bertviz as ours
from headscope.widgets import View


def attention(layers: int = 2, heads: int = 3, queries: int = 4, keys: int = 4) -> tuple[torch.Tensor, ...]:
    generator = torch.Generator().manual_seed(0)
    return tuple(torch.rand(1, heads, queries, keys, generator=generator).softmax(-1) for _ in range(layers))


TOKENS = ["[CLS]", "Ġcat", "▁sat", "mat</w>"]


@pytest.fixture
def displayed(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    shown: list[Any] = []
    monkeypatch.setattr(ours, "display", shown.append)
    return shown


@pytest.mark.parametrize("name", ["head_view", "model_view"])
def test_signatures_are_bertviz_own(name: str) -> None:
    theirs = pytest.importorskip("bertviz")
    expected = inspect.signature(getattr(theirs, name)).parameters
    given = inspect.signature(getattr(ours, name)).parameters
    assert list(given) == list(expected)
    assert [p.default for p in given.values()] == [p.default for p in expected.values()]


@pytest.mark.parametrize("show", [ours.head_view, ours.model_view])
def test_view_displays_a_live_widget(show: Any, displayed: list[Any]) -> None:
    assert show(attention(), TOKENS) is None
    [view] = displayed
    assert isinstance(view, View)
    info = view.store.maps[0]
    assert info["query_tokens"] == ["[CLS]", " cat", " sat", "mat"]


def test_layer_heads_and_layers(displayed: list[Any]) -> None:
    ours.head_view(attention(5), TOKENS, 2, True, 3, [1], include_layers=[1, 3])
    [view] = displayed
    assert (view.layer, view.heads, view.include_layers) == (3, [1], [1, 3])
    assert view.store.maps[0]["sentence_b_start"] == 2


def test_raw_tokens_on_request(displayed: list[Any]) -> None:
    ours.head_view(attention(), TOKENS, prettify_tokens=False)
    assert displayed[0].store.maps[0]["query_tokens"] == TOKENS


def test_display_mode_is_dark_unless_said(displayed: list[Any]) -> None:
    ours.model_view(attention(), TOKENS)
    ours.model_view(attention(), TOKENS, display_mode="light", include_heads=[0, 2])
    assert [view.theme for view in displayed] == ["dark", "light"]
    assert displayed[1].include_heads == [0, 2]


def test_encoder_decoder_with_differing_depths(displayed: list[Any]) -> None:
    ours.head_view(
        encoder_attention=attention(2, 3),
        decoder_attention=attention(5, 2, 3, 3),
        cross_attention=attention(5, 4, 3, 4),
        encoder_tokens=list("abcd"),
        decoder_tokens=list("xyz"),
    )
    maps = {info["name"]: info for info in displayed[0].store.maps}
    assert {name: info["num_layers"] for name, info in maps.items()} == {"encoder": 2, "decoder": 5, "cross": 5}
    assert (maps["cross"]["query_tokens"], maps["cross"]["key_tokens"]) == (list("xyz"), list("abcd"))


@pytest.mark.parametrize("show", [ours.head_view, ours.model_view])
def test_return_gives_one_complete_page(show: Any, displayed: list[Any]) -> None:
    page = show(attention(), TOKENS, html_action="return")
    assert isinstance(page, HTML)
    assert page.data.startswith("<!doctype html>")
    assert displayed == []


SELF = {"attention": attention(), "tokens": TOKENS}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "no attention was given"),
        ({"attention": attention()}, "attention needs tokens"),
        ({**SELF, "encoder_tokens": ["a"]}, "attention was given together with encoder_tokens"),
        ({**SELF, "cross_attention": attention()}, "together with cross_attention"),
        ({"encoder_attention": attention()}, "encoder_attention needs encoder_tokens"),
        ({"cross_attention": attention(), "encoder_tokens": TOKENS}, "cross_attention needs decoder_tokens"),
        ({"attention": (torch.rand(4, 4),), "tokens": TOKENS}, "output_attentions"),
        ({**SELF, "tokens": ["a"]}, "4 positions, but tokens has 1"),
        ({**SELF, "html_action": "print"}, "html_action is 'print'"),
        ({**SELF, "include_layers": []}, "include_layers is empty"),
        ({**SELF, "include_layers": [0, 2]}, "include_layers has 2"),
        ({**SELF, "layer": 1, "include_layers": [0]}, "layer 1 is not among include_layers"),
        ({**SELF, "heads": [3]}, "heads has 3"),
        ({"attention": (torch.rand(2, 3, 4, 4),), "tokens": TOKENS}, "batch"),
        ({"attention": (None, None), "tokens": TOKENS}, "eager"),
        ({"attention": (), "tokens": TOKENS}, "eager"),
        ({"attention": torch.rand(1, 4, 8), "tokens": TOKENS}, "."),
    ],
)
@pytest.mark.parametrize("html_action", ["view", "return"])
def test_bad_input(arguments: dict[str, Any], message: str, html_action: str, displayed: list[Any]) -> None:
    with pytest.raises((ValueError, TypeError, IndexError), match=message) as caught:
        ours.head_view(**{"html_action": html_action, **arguments})
    assert "attentions=" in str(caught.value) or "attentions " not in str(caught.value)
    assert displayed == []


def test_an_unknown_display_mode() -> None:
    with pytest.raises(ValueError, match="display_mode is 'grey'; it can be 'dark' or 'light'"):
        ours.model_view(**SELF, display_mode="grey")


def test_nothing_but_missing_weights_still_shows(displayed: list[Any]) -> None:
    ours.head_view([np.full((1, 1, 2, 2), np.nan)], ["a", "b"])
    assert len(displayed) == 1


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
        ({"head": 12}, "heads"),
    ],
)
def test_the_neuron_view_names_bad_input(
    minilm: Any, arguments: dict[str, Any], message: str, displayed: list[Any]
) -> None:
    given = {"model_type": "bert", "tokenizer": minilm.tokenizer, "sentence_a": "The cat"} | arguments
    with pytest.raises(ValueError, match=message):
        ours.neuron_view.show(minilm.model, **given)
    assert displayed == []


def test_a_model_that_takes_no_pairs_is_given_none(tiny: Any, smollm2_tokenizer: Any) -> None:
    with pytest.raises(ValueError, match="takes no pairs"):
        ours.neuron_view.show(tiny("llama").model, "llama", smollm2_tokenizer, "One", "Two")
