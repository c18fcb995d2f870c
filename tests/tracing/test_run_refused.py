"""Inputs and modules that can't be captured, or only in one way: the error says why, in words of its own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaModel

import headscope as hs

X = torch.randn(2, 6, 16)


class Plain(nn.Module):
    """Attention by hand, as most people write it."""

    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear(16, 48)

    def forward(self, x):
        q, k, v = self.qkv(x).view(x.shape[0], x.shape[1], 3, 4, 4).permute(2, 0, 3, 1, 4).unbind(0)
        w = torch.softmax(q @ k.transpose(-1, -2) / 2.0, -1)
        return (w @ v).transpose(1, 2).reshape(x.shape[0], x.shape[1], 16)


class OtherSelf(Plain):
    def forward(this, x):  # noqa: N805  # a name of its own is the point
        q, k, v = this.qkv(x).view(x.shape[0], x.shape[1], 3, 4, 4).permute(2, 0, 3, 1, 4).unbind(0)
        w = torch.softmax(q @ k.transpose(-1, -2) / 2.0, -1)
        return (w @ v).transpose(1, 2).reshape(x.shape[0], x.shape[1], 16)


def weights_of(model, x=X):
    q, k, _ = model.qkv(x).view(x.shape[0], x.shape[1], 3, 4, 4).permute(2, 0, 3, 1, 4).unbind(0)
    return torch.softmax(q @ k.transpose(-1, -2) / 2.0, -1).detach()


@pytest.fixture(scope="module")
def gpt2():
    torch.manual_seed(0)
    config = GPT2Config(vocab_size=50, n_embd=16, n_layer=1, n_head=2, eos_token_id=49, pad_token_id=0)
    return GPT2LMHeadModel(config).eval()


@pytest.mark.parametrize(
    "compiled",
    [torch.jit.script, lambda model: torch.jit.freeze(torch.jit.script(model))],
    ids=["scripted", "frozen"],
)
@pytest.mark.parametrize("kind", [Plain, OtherSelf])
@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
@pytest.mark.parametrize("form", ["tensor", "tuple"])
def test_scripted_modules(compiled, kind, form):
    model = kind().eval()
    capture = hs.capture(compiled(model), inputs=X if form == "tensor" else (X,), batch_index=1)
    np.testing.assert_allclose(capture.weights(0), weights_of(model)[1], atol=1e-6)


@pytest.mark.parametrize("form", ["tensor", "tuple", "mapping"])
def test_exported_modules_take_their_arguments_by_position(form):
    model = Plain().eval()
    exported = torch.export.export(model, (X,)).module()
    given = {"tensor": X, "tuple": (X,), "mapping": {"x": X}}[form]
    capture = hs.capture(exported, inputs=given, batch_index=1)
    np.testing.assert_allclose(capture.weights(0), weights_of(model)[1], atol=1e-6)


def test_exported_modules_take_keywords_as_they_were_exported():
    model = Plain().eval()
    exported = torch.export.export(model, (), {"x": X}).module()
    np.testing.assert_allclose(hs.capture(exported, inputs=X).weights(0), weights_of(model)[0], atol=1e-6)


class OfList(Plain):
    def forward(self, xs):
        assert isinstance(xs, (list, tuple))
        return super().forward(torch.cat(list(xs), 1))


@pytest.mark.parametrize("given", [([X, X],), ((X, X),), {"xs": [X, X]}])
def test_a_tuple_holds_arguments_that_are_lists(given):
    model = OfList().eval()
    capture = hs.capture(model, inputs=given, batch_index=1)
    np.testing.assert_allclose(capture.weights(0), weights_of(model, torch.cat([X, X], 1))[1], atol=1e-6)


class OfGenerator(Plain):
    def forward(self, x):
        for part in x.split(1):
            yield super().forward(part)


class OfCoroutine(Plain):
    async def forward(self, x):
        return super().forward(x)


class InThreads(Plain):
    def forward(self, x):
        with ThreadPoolExecutor(2) as pool:
            return torch.cat(list(pool.map(super().forward, x.split(1))))


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (OfGenerator, "OfGenerator returned a generator, which computes nothing until it is read"),
        (OfCoroutine, "OfCoroutine returned a coroutine, which computes nothing until it is read"),
        (InThreads, "InThreads runs modules in threads of its own, such as qkv: only the thread that calls capture"),
    ],
)
def test_why_nothing_was_seen(kind, said):
    with pytest.raises(ValueError, match=said):
        hs.capture(kind().eval(), inputs=X)


class Twice(Plain):
    def forward(self, x):
        return super().forward(x) + super().forward(x)


def test_a_module_that_attends_twice_has_a_name():
    notes = hs.capture(Twice().eval(), inputs=X).report().notes
    assert "The model attends 2 times with the same queries and keys: it shows its weights once." in notes


@pytest.mark.parametrize(
    "column", [pd.Series([5, 9, 7]), pd.Series([5, 9, 7], index=[4, 2, 8]), pd.Series({"input_ids": [5, 9, 7]})]
)
def test_columns_and_rows_of_a_table(gpt2, column):
    assert hs.capture(gpt2, inputs=column).maps["self"].key_tokens == ("5", "9", "7")


@pytest.mark.parametrize("given", [[[[5, 9]]], torch.zeros(1, 2, 3, dtype=torch.long)])
def test_ids_of_three_axes_name_their_shape(given):
    sizes = {"vocab_size": 50, "hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1}
    model = LlamaModel(LlamaConfig(**sizes, num_attention_heads=2)).eval()
    shape = tuple(torch.as_tensor(given).shape)
    with pytest.raises(ValueError, match=rf"\({shape[0]}, {shape[1]}, {shape[2]}\)"):
        hs.capture(model, inputs=given)


@pytest.mark.parametrize("name", ["input_ids", "attention_mask"])
def test_masked_arrays_are_refused(gpt2, name):
    masked = np.ma.array([[5, 9]], mask=[[0, 1]])
    with pytest.raises(ValueError, match=rf"inputs\['{name}'\] is a masked array"):
        hs.capture(gpt2, inputs={"input_ids": [[5, 9]], name: masked})
    assert hs.capture(gpt2, inputs=np.ma.array([[5, 9]])).maps["self"].key_tokens == ("5", "9")


@pytest.mark.parametrize(
    ("tokenizer", "more", "said"),
    [
        ([5, 9], {"inputs": [3]}, "inputs were given twice"),
        (torch.tensor([5, 9]), {"inputs": [3]}, "inputs were given twice"),
        (object(), {"inputs": [3]}, "tokenizer must be a tokenizer of transformers"),
        (7, {"text": "red"}, "tokenizer must be a tokenizer of transformers"),
        ({"a": 1}, {"text": "red"}, "tokenizer must be a tokenizer of transformers"),
        (len, {"inputs": [3]}, "tokenizer, a builtin_function_or_method, has no names for ids"),
        ("gpt2", {"inputs": [3]}, "tokenizer is the string 'gpt2'"),
    ],
)
def test_what_is_no_tokenizer(gpt2, tokenizer, more, said):
    with pytest.raises(TypeError, match=said):
        hs.capture(gpt2, tokenizer, **more)
    if "text" not in more:
        with pytest.raises(TypeError, match=said):
            hs.capture_generation(gpt2, tokenizer, max_new_tokens=2, **more)
