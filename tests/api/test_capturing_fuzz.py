"""Arguments of any kind: a capture succeeds, or raises an error of its own that names the argument."""

from __future__ import annotations

import inspect
import re
import traceback
from datetime import date
from pathlib import Path, PurePath

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from transformers import PreTrainedTokenizerFast

import headscope as hs
from headscope.ranges import OutOfRangeError
from zoo.steps import writer_of

PACKAGE = Path(hs.__file__).parent
KINDS = ["gpt2", "t5"]
OWN = (ValueError, TypeError, IndexError, OutOfRangeError)

NAMES = {
    "text_pairs": "text|input",
    "text_pair": "text|input",
    "texts": "text|chat|input|failed with",
    "text": "text|chat|input|failed with",
    "prompt": "prompt|text|chat|input|failed with",
    "inputs": "input|ids|text|mask|failed with|batch",
    "batch_index": "batch_index|inputs",
    "targets": "target",
    "segments": "segment",
    "window": "window",
    "stride": "stride",
    "tokenizer": "tokenizer|text|inputs|failed with",
    "max_new_tokens": "generate",
}
"""What an error says about an argument, where that is not its name."""


def tokenizer_of_words():
    words = ["<pad>", "<s>", "</s>", "<unk>", "red", "green", "blue", "yellow"]
    backend = Tokenizer(WordLevel({word: id_ for id_, word in enumerate(words)}, unk_token="<unk>"))
    backend.pre_tokenizer = Whitespace()
    return PreTrainedTokenizerFast(
        tokenizer_object=backend, pad_token="<pad>", bos_token="<s>", eos_token="</s>", unk_token="<unk>"
    )


numbers = st.one_of(st.integers(-3, 120), st.integers(), st.floats(), st.booleans(), st.none(), st.complex_numbers())
texts = st.sampled_from(["", " ", "red", "red green", "text", "input_ids", "\ud800", "\0", "disk/none"])
scalars = st.one_of(
    numbers,
    texts,
    st.sampled_from(
        [
            b"red",
            date(2026, 1, 1),
            PurePath("x"),
            object,
            len,
            ...,
            slice(3),
            range(3),
            range(0),
            {"red"},
            frozenset({1}),
        ]
    ),
)
dtypes = st.sampled_from(
    [torch.int64, torch.int32, torch.uint8, torch.bool, torch.float32, torch.float64, torch.bfloat16, torch.complex64]
)
shapes = st.lists(st.integers(0, 3), max_size=4).map(tuple)
tensors = st.builds(lambda shape, dtype: torch.ones(shape).to(dtype), shapes, dtypes)
kinds = st.sampled_from(["i8", "u2", "f2", "f8", "c8", "?", "U3", "S2", "O", "M8[D]"])
arrays = st.builds(lambda shape, kind: np.ones(shape).astype(int).astype(kind), shapes, kinds)
leaves = st.one_of(scalars, tensors, arrays)
keys = st.sampled_from(
    [
        "input_ids",
        "attention_mask",
        "inputs_embeds",
        "token_type_ids",
        "position_ids",
        "labels",
        "decoder_input_ids",
        "past_key_values",
        "encoder_outputs",
        "text",
        "role",
        "content",
        "idx",
        "use_cache",
        5,
    ]
)
odd = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.lists(inner, max_size=3).map(tuple), st.dictionaries(keys, inner, max_size=3)
    ),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def models():
    return {kind: writer_of(kind) for kind in KINDS}


def of_package(error):
    """Return whether the innermost Python code that an error passed through is this package's."""
    frames = traceback.extract_tb(error.__traceback__)
    return frames[-1].filename.startswith(str(PACKAGE)) or frames[-1].filename == __file__


def check(call, name, value):
    try:
        call()
    except (OSError, MemoryError):
        if name != "offload":
            raise
        return
    except OWN as error:
        raised = error
    else:
        return
    said = f"{type(raised).__name__} for {name}={value!r}: {raised}"
    assert type(raised) in OWN, said
    assert of_package(raised), f"of other code: {said}"
    assert re.search(NAMES.get(name, name), str(raised)), said


def parameters(function, left_out=()):
    named = inspect.signature(function).parameters.values()
    return [one.name for one in named if one.kind is not one.VAR_KEYWORD and one.name not in left_out]


FUZZ = settings(
    max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None
)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", parameters(hs.capture, ("model", "progress")))
def test_any_argument_of_capture(models, name, kind):
    tokenizer = tokenizer_of_words()

    @FUZZ
    @given(odd)
    def run(value):
        arguments = {"tokenizer": tokenizer, "text": "red green", "progress": False}
        arguments |= {"target": "blue"} if kind == "t5" else {}
        if name == "inputs":
            arguments = {"tokenizer": tokenizer, "progress": False}
        check(lambda: hs.capture(models[kind], **(arguments | {name: value})), name, value)

    run()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "name",
    [
        "input_ids",
        "attention_mask",
        "inputs_embeds",
        "position_ids",
        "labels",
        "decoder_input_ids",
        "past_key_values",
        "encoder_outputs",
        "token_type_ids",
        "use_cache",
    ],
)
@pytest.mark.parametrize("kind", KINDS)
def test_any_input_of_the_model(models, name, kind):
    @FUZZ
    @given(odd)
    def run(value):
        inputs = {"input_ids": [[5, 6, 7]], name: value}
        inputs = {"decoder_input_ids": [[1, 5]], **inputs} if kind == "t5" else inputs
        check(lambda: hs.capture(models[kind], inputs=inputs, progress=False), "inputs", inputs)

    run()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", [*parameters(hs.capture_generation, ("model", "progress"))])
@pytest.mark.parametrize("kind", KINDS)
def test_any_argument_of_capture_generation(models, name, kind):
    tokenizer = tokenizer_of_words()

    @FUZZ
    @given(odd)
    def run(value):
        arguments = {"tokenizer": tokenizer, "prompt": "red green", "progress": False, "max_new_tokens": 2}
        if name == "inputs":
            del arguments["prompt"]
        check(lambda: hs.capture_generation(models[kind], **(arguments | {name: value})), name, value)

    run()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", parameters(hs.capture_batch, ("model", "progress")))
@pytest.mark.parametrize("kind", ["gpt2"])
def test_any_argument_of_capture_batch(models, name, kind):
    tokenizer = tokenizer_of_words()

    @FUZZ
    @given(odd)
    def run(value):
        arguments = {"tokenizer": tokenizer, "texts": ["red green"], "progress": False}
        if name == "inputs":
            arguments = {"tokenizer": tokenizer, "progress": False}
        if name in ("window", "stride"):
            arguments["window"] = 8
        check(lambda: hs.capture_batch(models[kind], **(arguments | {name: value})), name, value)

    run()


@pytest.mark.filterwarnings("ignore")
def test_any_model():
    @FUZZ
    @given(odd)
    def run(value):
        check(lambda: hs.capture(value, inputs={"input_ids": [[5]]}), "model", value)

    run()
