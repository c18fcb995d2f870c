"""BertViz's two functions: their signatures, filters and errors."""

import inspect
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from IPython.display import HTML
from transformers import AutoModel

from headscope import bertviz as ours
from headscope.widgets.views import View


def attention(layers: int = 2, heads: int = 3, queries: int = 4, keys: int = 4) -> tuple[torch.Tensor, ...]:
    generator = torch.Generator().manual_seed(0)
    return tuple(torch.rand(1, heads, queries, keys, generator=generator).softmax(-1) for _ in range(layers))


TOKENS = ["[CLS]", "Ġcat", "▁sat", "mat</w>"]


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


def test_display_mode_is_dark_by_default(displayed: list[Any]) -> None:
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
        ({**SELF, "tokens": ["a"]}, "4 query positions, but tokens has 1"),
        ({**SELF, "html_action": "print"}, "html_action is 'print'"),
        ({**SELF, "include_layers": []}, "include_layers is empty"),
        ({**SELF, "include_layers": [0, 2]}, "include_layers 2 is out of range"),
        ({**SELF, "layer": 1, "include_layers": [0]}, "layer 1 is not among include_layers"),
        ({**SELF, "heads": [3]}, "heads 3 is out of range"),
        ({"attention": (torch.rand(2, 3, 4, 4),), "tokens": TOKENS}, "batch"),
        ({"attention": (None, None), "tokens": TOKENS}, "eager"),
        ({"attention": (), "tokens": TOKENS}, "eager"),
        ({"attention": (), "tokens": TOKENS}, r"pass outputs.attentions instead of outputs\[-1\]"),
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


def test_attention_of_only_missing_weights_is_shown(displayed: list[Any]) -> None:
    ours.head_view([np.full((1, 1, 2, 2), np.nan)], ["a", "b"])
    assert len(displayed) == 1


def test_an_empty_last_output_is_explained(checkpoints: Path) -> None:
    """Since transformers 5, BERT's `outputs[-1]` is a tuple of no cross-attentions."""
    model = AutoModel.from_pretrained(checkpoints / "bert-base-uncased", output_attentions=True)
    outputs = model(torch.tensor([[5, 6, 7]]))
    if len(outputs[-1]):
        pytest.skip("this version of transformers has attentions there")
    with pytest.raises(ValueError, match=r"attention is empty: .* pass outputs.attentions"):
        ours.head_view(outputs[-1], list("abc"))
    assert ours.head_view(outputs.attentions, list("abc"), html_action="return") is not None


STATEMENTS = {
    "from headscope.bertviz import head_view": "head_view",
    "from headscope.bertviz.head_view import head_view": "head_view",
    "import headscope.bertviz.head_view as head_view": "head_view",
    "import headscope.bertviz.head_view": "headscope.bertviz.head_view",
    "import headscope.bertviz": "headscope.bertviz.head_view",
    "from headscope import bertviz": "bertviz.head_view",
    "import headscope.bertviz as bertviz": "bertviz.head_view",
    "from headscope.bertviz import *": "head_view",
    "from headscope.bertviz import neuron_view": "neuron_view.show",
    "from headscope.bertviz.neuron_view import show": "show",
    "import headscope.bertviz.neuron_view": "headscope.bertviz.neuron_view.show",
    "import headscope.bertviz.neuron_view as neuron": "neuron.show",
    "import headscope.bertviz ": "headscope.bertviz.neuron_view.show",
    "from headscope.bertviz.neuron_view import get_attention": "get_attention",
    "from headscope.bertviz import get_attention": "get_attention",
    "from headscope.bertviz import util": "util.num_layers",
    "from headscope.bertviz.util import num_layers": "num_layers",
    "from headscope.bertviz.head_view import num_layers": "num_layers",
    "from headscope.bertviz import transformers_neuron_view as t": "t.BertModel",
    "from headscope.bertviz.transformers_neuron_view import BertModel": "BertModel",
    "from headscope.bertviz.transformers_neuron_view.modeling_bert import BertModel": "BertModel",
    "from headscope.bertviz.transformers_neuron_view import modeling_bert": "modeling_bert.BertModel",
    "import headscope.bertviz.transformers_neuron_view as t": "t.modeling_bert.BertModel",
}


def test_every_spelling_of_an_import_leads_to_the_same() -> None:
    """Each begins without the modules, because an import leaves a submodule behind as an attribute."""
    statements = list(STATEMENTS.items())
    statements += [
        (line.replace("head_view", "model_view"), used.replace("head_view", "model_view")) for line, used in statements
    ]
    code = f"""
import sys
for line, used in {statements!r}:
    for name in [name for name in sys.modules if name.startswith("headscope.bertviz")]:
        del sys.modules[name]
    vars(sys.modules.get("headscope", sys)).pop("bertviz", None)
    names = {{}}
    exec(line, names)
    print(eval(used, names).__name__)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout.split() == [used.rpartition(".")[2] for _, used in statements]


BAD = [
    {},
    {"attention": attention()},
    {**SELF, "encoder_tokens": TOKENS},
    {**SELF, "cross_attention": attention()},
    {"encoder_attention": attention()},
    {"decoder_attention": attention(), "encoder_tokens": TOKENS},
    {"cross_attention": attention(), "encoder_tokens": TOKENS},
    {**SELF, "tokens": TOKENS[:2]},
    {**SELF, "tokens": TOKENS, "html_action": "print"},
    {**SELF, "include_layers": [7]},
]


@pytest.mark.parametrize("html_action", ["view", "return"])
def test_heads_to_include_are_out_of_range_as_in_bertviz(html_action: str, displayed: list[Any]) -> None:
    theirs = pytest.importorskip("bertviz")
    for show in (theirs.model_view, ours.model_view):
        with pytest.raises(IndexError, match=r"out of (range|bounds)"):
            show(**SELF, include_heads=[7], html_action=html_action)
    assert displayed == []


@pytest.mark.parametrize("name", ["head_view", "model_view"])
@pytest.mark.parametrize("arguments", BAD, ids=lambda arguments: "-".join(arguments) or "nothing")
def test_errors_are_of_bertviz_kind(name: str, arguments: dict[str, Any], displayed: list[Any]) -> None:
    theirs = pytest.importorskip("bertviz")
    with pytest.raises(Exception, match=r"\w") as expected:
        getattr(theirs, name)(**arguments)
    with pytest.raises(expected.type):
        getattr(ours, name)(**arguments)
    assert displayed == []
