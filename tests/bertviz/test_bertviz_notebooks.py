"""The eight notebooks of BertViz's repository, run with Headscope and with BertViz itself on the same small models.

Their imports, calls and arguments stand below as they are there; BertViz's names become Headscope's when they run.
"""

from __future__ import annotations

import ast
import base64
import gzip
import json
import re
import textwrap
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import transformers

from headscope.wire.blocks import decode_blocks
from headscope.wire.vectors import decode_vectors

DISTILBERT = """
    from transformers import AutoTokenizer, AutoModel, utils
    from bertviz import {view}

    utils.logging.set_verbosity_error()
    tokenizer = AutoTokenizer.from_pretrained("{folder}distilbert-base-uncased")
    model = AutoModel.from_pretrained("{folder}distilbert-base-uncased", output_attentions=True)
    inputs = tokenizer.encode("The cat sat on the rug", return_tensors='pt')
    outputs = model(inputs)
    attention = outputs[-1]
    tokens = tokenizer.convert_ids_to_tokens(inputs[0])
    {view}(attention, tokens)
    """

PAIR = """
    from bertviz import model_view
    from transformers import AutoTokenizer, AutoModel, utils

    utils.logging.set_verbosity_error()
    model_version = '{folder}bert-base-uncased'
    model = AutoModel.from_pretrained(model_version, output_attentions=True)
    tokenizer = AutoTokenizer.from_pretrained(model_version)
    inputs = tokenizer.encode_plus("the rabbit hopped", "The turtle slowly crawled", return_tensors='pt')
    input_ids = inputs['input_ids']
    token_type_ids = inputs['token_type_ids']
    attention = model(input_ids, token_type_ids=token_type_ids)[-1]
    sentence_b_start = token_type_ids[0].tolist().index(1)
    token_ids = input_ids[0].tolist()
    tokens = tokenizer.convert_ids_to_tokens(token_ids)
    model_view(attention, tokens, sentence_b_start)
    """

ENCODER_DECODER = """
    from transformers import AutoTokenizer, AutoModel, utils
    from bertviz import model_view

    utils.logging.set_verbosity_error()
    tokenizer = AutoTokenizer.from_pretrained("{folder}{name}")
    model = AutoModel.from_pretrained("{folder}{name}", output_attentions=True)
    encoder_input_ids = tokenizer("{source}", return_tensors="pt", add_special_tokens=True).input_ids
    {target_context}
        decoder_input_ids = tokenizer("{target}", return_tensors="pt", add_special_tokens=True).input_ids

    outputs = model(input_ids=encoder_input_ids, decoder_input_ids=decoder_input_ids)
    encoder_text = tokenizer.convert_ids_to_tokens(encoder_input_ids[0])
    decoder_text = tokenizer.convert_ids_to_tokens(decoder_input_ids[0])
    model_view(
        encoder_attention=outputs.encoder_attentions,
        decoder_attention=outputs.decoder_attentions,
        cross_attention=outputs.cross_attentions,
        encoder_tokens=encoder_text,
        decoder_tokens=decoder_text
    )
    """

NEURON_BERT = """
    from bertviz.transformers_neuron_view import BertModel, BertTokenizer
    from bertviz.neuron_view import show

    model_type = 'bert'
    model_version = '{folder}bert-base-uncased'
    do_lower_case = True
    model = BertModel.from_pretrained(model_version)
    tokenizer = BertTokenizer.from_pretrained(model_version, do_lower_case=do_lower_case)
    sentence_a = "The cat sat on the mat"
    sentence_b = "The cat lay on the rug"
    show(model, model_type, tokenizer, sentence_a, sentence_b, display_mode='dark', layer=2, head=0)
    """

NEURON_GPT2 = """
    from bertviz.transformers_neuron_view import GPT2Model, GPT2Tokenizer
    from bertviz.neuron_view import show

    model_type = 'gpt2'
    model_version = '{folder}gpt2'
    model = GPT2Model.from_pretrained(model_version)
    tokenizer = GPT2Tokenizer.from_pretrained(model_version)
    text = "On the mat, the cat saw apples, bananas,"
    show(model, model_type, tokenizer, text, display_mode='dark')
    """

NEURON_ROBERTA = """
    from bertviz.transformers_neuron_view import RobertaModel, RobertaTokenizer
    from bertviz.neuron_view import show

    model_type = 'roberta'
    model_version = '{folder}roberta-base'
    model = RobertaModel.from_pretrained(model_version)
    tokenizer = RobertaTokenizer.from_pretrained(model_version)
    sentence_a = "The cat sat on the mat"
    sentence_b = "The cat lay on the rug"
    show(model, model_type, tokenizer, sentence_a, sentence_b)
    """

BART = {
    "name": "facebook/bart-large-cnn",
    "source": "The committee voted Saturday to pass a $3.5 trillion bill",
    "target": "The committee passed a bill.",
    "target_context": "if True:",
}
MARIAN = {
    "name": "Helsinki-NLP/opus-mt-en-de",
    "source": "She sees the small elephant.",
    "target": "Sie sieht den kleinen Elefanten.",
    "target_context": "with tokenizer.as_target_tokenizer():",
}

pytestmark = [
    pytest.mark.filterwarnings("ignore:Recommended. pip install sacremoses"),  # Marian's punctuation stays as it is
    pytest.mark.filterwarnings("ignore:.as_target_tokenizer. is deprecated"),  # in transformers 4.57
]

NOTEBOOKS: dict[str, tuple[str, dict[str, str]]] = {
    "head_view_distilbert": (DISTILBERT, {"view": "head_view"}),
    "model_view_distilbert": (DISTILBERT, {"view": "model_view"}),
    "model_view_bert": (PAIR, {}),
    "model_view_bart": (ENCODER_DECODER, BART),
    "model_view_encoder_decoder": (ENCODER_DECODER, MARIAN),
    "neuron_view_bert": (NEURON_BERT, {}),
    "neuron_view_gpt2": (NEURON_GPT2, {}),
    "neuron_view_roberta": (NEURON_ROBERTA, {}),
}

SINCE_TRANSFORMERS_5 = {
    "tokenizer.encode_plus(": "tokenizer(",
    "with tokenizer.as_target_tokenizer():": "if True:",
    'tokenizer("Sie': 'tokenizer(text_target="Sie',
    "token_type_ids=token_type_ids)[-1]": "token_type_ids=token_type_ids).attentions",
}
"""What transformers 5 asks of these notebooks whoever draws: methods that it removed, and the place of `attentions`."""


class Part(NamedTuple):
    """One attention map as a page holds it."""

    weights: Any  # (layers, heads, queries, keys)
    query_tokens: list[str]
    key_tokens: list[str]


def code_of(notebook: str, folder: str = "") -> str:
    """Return a notebook's code for the installed transformers; `folder` begins the path of each checkpoint."""
    template, values = NOTEBOOKS[notebook]
    code = textwrap.dedent(template).format(folder=folder, **values)
    if int(transformers.__version__.split(".")[0]) >= 5:
        for old, new in SINCE_TRANSFORMERS_5.items():
            code = code.replace(old, new)
    return code


def run(code: str, **added: str) -> Any:
    """Run a notebook's code, its last call with further arguments, and return what this call returns."""
    tree = ast.parse(code)
    last = tree.body.pop()
    assert isinstance(last, ast.Expr)
    assert isinstance(last.value, ast.Call)
    last.value.keywords += [ast.keyword(name, ast.Constant(value)) for name, value in added.items()]
    names: dict[str, Any] = {}
    exec(compile(tree, "<notebook>", "exec"), names)
    return eval(compile(ast.fix_missing_locations(ast.Expression(last.value)), "<notebook>", "eval"), names)


def with_headscope(code: str) -> str:
    return code.replace("bertviz", "headscope.bertviz")


def their_parts(html: str) -> tuple[dict[str, Part], Any]:
    """Return the attention maps in a page that BertViz made, and its raw parameters."""
    start = re.search(r"(?:params = |bertviz_params = )(?=\{)", html)
    assert start
    parameters, _ = json.JSONDecoder().raw_decode(html, start.end())
    attention = parameters["attention"]
    if "all" in attention:
        return {"self": _part(attention["all"])}, parameters
    names = {None: "self", "All": "self", "Encoder": "encoder", "Decoder": "decoder", "Cross": "cross"}
    return {names[each["name"]]: _part(each) for each in attention if each["name"] in names}, parameters


def _part(each: dict[str, Any]) -> Part:
    return Part(np.array(each["attn"]), each["left_text"], each["right_text"])


def our_parts(html: str) -> dict[str, Part]:
    """Return the attention maps in a page that Headscope made: exact weights where it holds them, else rounded ones."""
    scripts = dict(re.findall(r'<script[^>]* id="headscope-\w+?-([\w-]+)">(.*?)</script>', html, re.DOTALL))
    parts = {}
    for map_ in json.loads(scripts["info"])["maps"]:
        layers = []
        for layer in range(map_["num_layers"]):
            place = f"{map_['name']}-{layer}"
            if f"vectors-{place}" in scripts:
                frames = decode_vectors(_unpacked(scripts[f"vectors-{place}"]))
                layers.append(np.stack([values for header, values in frames if header["kind"] == "weights"]))
            else:
                layers.append(
                    np.concatenate([values for _, values in decode_blocks(_unpacked(scripts[f"block-{place}"]))])
                )
        parts[map_["name"]] = Part(np.stack(layers), map_["query_tokens"], map_["key_tokens"])
    return parts


def _unpacked(text: str) -> bytes:
    return gzip.decompress(base64.b64decode(text))


@pytest.fixture
def theirs() -> Any:
    """Return a function that runs a notebook with BertViz and returns the maps and parameters of its page."""
    pytest.importorskip("bertviz.transformers_neuron_view")

    def run_theirs(notebook: str) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)  # BertViz never closes its scripts
            # A checkpoint named without a folder is one that BertViz's own classes would fetch from a network.
            return their_parts(run(code_of(notebook, "./"), html_action="return").data)

    return run_theirs


@pytest.fixture(autouse=True)
def here(checkpoints: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in the folder of the checkpoints: transformers looks there first."""
    monkeypatch.chdir(checkpoints)


def test_all_eight_are_here() -> None:
    assert len(NOTEBOOKS) == 8


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_a_notebook_shows_what_it_shows_with_bertviz(notebook: str, theirs: Any, displayed: list[Any]) -> None:
    expected, parameters = theirs(notebook)
    assert run(with_headscope(code_of(notebook))) is None
    [view] = displayed
    assert view.view == notebook.split("_view")[0]
    assert view.theme == ("auto" if view.view == "head" else "dark")
    capture = view.store.capture
    assert set(capture.maps) == set(expected)
    for name, part in expected.items():
        map_ = capture.maps[name]
        assert (list(map_.query_tokens), list(map_.key_tokens)) == _as_shown(notebook, part)
        weights = np.stack([map_.block(layer) for layer in range(map_.num_layers)])
        exact = 1e-5 if view.view == "neuron" else 1e-7
        np.testing.assert_allclose(weights, part.weights, atol=exact, rtol=0)
        assert weights.max() > 0.5, "flat attention hides errors"
    if view.view == "neuron":
        assert (view.layer, view.heads) == (parameters["layer"] or 0, [parameters["head"] or 0])


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_a_notebook_returns_the_same_weights_as_a_page(notebook: str, theirs: Any, displayed: list[Any]) -> None:
    expected, _ = theirs(notebook)
    page = run(with_headscope(code_of(notebook)), html_action="return").data
    found = our_parts(page)
    assert set(found) == set(expected)
    for name, part in expected.items():
        assert (found[name].query_tokens, found[name].key_tokens) == _as_shown(notebook, part)
        exact = 1e-5 if notebook.startswith("neuron") else 3e-4  # pages of the other views round to decimal16
        np.testing.assert_allclose(found[name].weights, part.weights, atol=exact, rtol=0)
    assert displayed == []


def _as_shown(notebook: str, part: Part) -> tuple[list[str], list[str]]:
    """Return BertViz's tokens without `##`, which Headscope leaves out, and with the model's own special tokens."""
    own = {"[CLS]": "<s>", "[SEP]": "</s>"} if notebook == "neuron_view_roberta" else {}
    queries, keys = (
        [own.get(token, token).removeprefix("##") for token in tokens]
        for tokens in (part.query_tokens, part.key_tokens)
    )
    return queries, keys


def test_the_code_needs_no_change_but_the_import() -> None:
    for notebook in NOTEBOOKS:
        changed = set(with_headscope(code_of(notebook)).splitlines()) - set(code_of(notebook).splitlines())
        assert changed
        assert all(line.startswith("from headscope.bertviz") for line in changed)
