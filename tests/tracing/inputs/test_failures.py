"""Errors that come out of a model: one kind of message for all of them, whoever's code raised them."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import transformers as tf
from torch import nn

import headscope as hs


class OfUserError(Exception):
    """An exception class of the user's own."""


class UnreadableError(Exception):
    """An exception whose text fails itself."""

    def __str__(self) -> str:
        raise KeyError("no text")


RAISED = [
    AssertionError("T <= block_size"),
    ValueError("wrong"),
    TypeError("wrong"),
    KeyError("mask"),
    IndexError("9"),
    RuntimeError("wrong"),
    NotImplementedError(),
    AttributeError("x"),
    ZeroDivisionError("division"),
    OSError(2, "gone"),
    LookupError("x"),
    StopIteration(),
    ArithmeticError(),
    UserWarning("wrong"),
    ImportError("flash_attn"),
    OfUserError("mine"),
    UnreadableError(),
    Exception("bare"),
    UnicodeDecodeError("utf8", b"x", 0, 1, "bad"),
    TimeoutError(),
    AssertionError(),
]
PASSING = [KeyboardInterrupt(), SystemExit(3), MemoryError("full"), torch.OutOfMemoryError("full"), GeneratorExit()]


class Block(nn.Module):
    """Attention by torch's kernel that may raise an error before, or after it."""

    def __init__(self, error: BaseException | None, where: str) -> None:
        super().__init__()
        self.embed, self.project = nn.Embedding(50, 16), nn.Linear(16, 16)
        self.error, self.where = error, where

    def forward(self, idx: torch.Tensor) -> torch.Tensor:
        if self.error is not None and self.where == "before":
            raise self.error
        q = self.embed(idx).unflatten(-1, (4, 4)).transpose(1, 2)
        out = nn.functional.scaled_dot_product_attention(q, q, q).transpose(1, 2).flatten(2)
        if self.error is not None and self.where == "after":
            raise self.error
        return self.project(out)


def _model(error: BaseException, where: str) -> nn.Module:
    model = Block(error, where).eval()

    def fail(*_: Any) -> None:
        raise error

    if where == "hook":
        model.project.register_forward_hook(fail)
    elif where == "pre-hook":
        model.project.register_forward_pre_hook(fail)
    return model


PLACES = ["before", "after", "hook", "pre-hook"]


@pytest.mark.parametrize("where", PLACES)
@pytest.mark.parametrize("error", RAISED, ids=lambda error: type(error).__name__)
def test_any_exception_of_a_module_names_the_call(error: Exception, where: str) -> None:
    model = _model(error, where)
    before = dict(model.__dict__)
    with pytest.raises(ValueError, match=f"^Block failed with {type(error).__name__}: ") as caught:
        hs.capture(model, inputs=torch.tensor([[5, 9, 7]]))
    assert "It was called with idx int64 (1, 3): check that" in str(caught.value)
    assert caught.value.__cause__ is error
    assert model.__dict__ == before


@pytest.mark.parametrize("where", PLACES)
@pytest.mark.parametrize("error", PASSING, ids=lambda error: type(error).__name__)
def test_what_ends_a_program_passes_through(error: BaseException, where: str) -> None:
    with pytest.raises(type(error)) as caught:
        hs.capture(_model(error, where), inputs=torch.tensor([[5, 9, 7]]))
    assert caught.value is error


def test_an_assertion_in_the_code_of_a_module() -> None:
    class Gpt(Block):
        def forward(self, idx: torch.Tensor) -> torch.Tensor:
            assert idx.shape[1] <= 2, f"{idx.shape[1]} tokens, but block_size is 2"
            return super().forward(idx)

    with pytest.raises(ValueError, match=r"Gpt failed with AssertionError: 3 tokens, but block_size is 2"):
        hs.capture(Gpt(None, ""), inputs=[5, 9, 7])


@pytest.mark.parametrize("error", RAISED, ids=lambda error: type(error).__name__)
def test_any_exception_of_a_generation(error: Exception) -> None:
    torch.manual_seed(0)
    config = tf.GPT2Config(vocab_size=50, n_embd=16, n_layer=1, n_head=2)
    model = tf.GPT2LMHeadModel(config).eval()

    def fail(*_: Any) -> None:
        raise error

    model.lm_head.register_forward_hook(fail)
    with pytest.raises(ValueError, match=r"^GPT2LMHeadModel\.generate failed with ") as caught:
        hs.capture_generation(model, inputs=[5, 9], max_new_tokens=2)
    assert caught.value.__cause__ is error


def test_errors_of_this_package_say_what_they_say() -> None:
    class Nested(Block):
        def forward(self, idx: torch.Tensor) -> torch.Tensor:
            hs.capture(self, inputs=idx)
            return super().forward(idx)

    with pytest.raises(RuntimeError, match=r"^capture was called"):
        hs.capture(Nested(None, ""), inputs=[5, 9, 7])

    class Asking(Block):
        def forward(self, idx: torch.Tensor) -> torch.Tensor:
            hs.from_attentions([])
            return super().forward(idx)

    with pytest.raises(ValueError, match=r"^(?!Asking failed)"):
        hs.capture(Asking(None, ""), inputs=[5, 9, 7])
