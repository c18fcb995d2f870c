"""Mistakes in the arguments of captures: each error names the argument and says what to write instead."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import transformers as tf

import headscope as hs
from headscope.bertviz import head_view
from headscope.keywords import ELSEWHERE, OF_BATCH, OF_GENERATE
from headscope.text.shortened import shown

Q = np.ones((2, 5, 8), np.float32)
FLAT = np.full((1, 2, 5, 5), 0.2, np.float32)
ABC = list("abcde")


@pytest.fixture(scope="module")
def model() -> Any:
    torch.manual_seed(0)
    config = tf.GPT2Config(vocab_size=50, n_positions=32, n_embd=16, n_layer=2, n_head=4)
    return tf.GPT2LMHeadModel(config).eval()


@pytest.mark.parametrize("function", ELSEWHERE)
def test_keywords_of_other_functions(function: str, model: Any) -> None:
    for name, advice in ELSEWHERE[function].items():
        with pytest.raises(TypeError) as caught:
            getattr(hs, function)(model, None, **{name: 1})
        assert str(caught.value) == f"{function}() has no keyword {name!r}: {advice}"


def test_what_the_advice_is_for(model: Any) -> None:
    for name in OF_BATCH:
        assert "inputs=batch" in ELSEWHERE["capture"][name]
    for name in OF_GENERATE:
        assert "capture_generation" in ELSEWHERE["capture"][name]
    with pytest.raises(TypeError, match="no keyword 'batch_index': sequence_index= chooses a sequence"):
        hs.capture_generation(model, inputs=[5, 9], batch_index=0)
    with pytest.raises(TypeError, match="no keyword 'layer': did you mean 'layers'"):
        hs.capture(model, inputs=[5, 9], layer=[0])  # type: ignore[call-arg]


@pytest.mark.parametrize("function", ["capture", "capture_generation", "capture_batch"])
def test_arguments_in_the_wrong_order(function: str, model: Any) -> None:
    call = getattr(hs, function)
    for others in (("text", model), (object(), model), ("a", "b", model)):
        with pytest.raises(TypeError, match=rf"the order is {function}\(model, tokenizer, \w+\)"):
            call(*others)
    with pytest.raises(TypeError, match=rf"^\w+ needs? a tokenizer: call {function}\(model, tokenizer, \w+\)"):
        call(model, "red green")
    with pytest.raises(TypeError, match="load it with AutoTokenizer"):
        call(model, "gpt2", "red green")


def test_the_third_argument_of_from_arrays() -> None:
    for third in (ABC, tuple(ABC), "abcde"):
        with pytest.raises(TypeError, match=r"v holds strings: .*Pass tokens by name, tokens="):
            hs.from_arrays(Q, Q, third)


def test_fewer_keys_than_tokens() -> None:
    with pytest.raises(ValueError, match=r"k has 3 key positions, but tokens has 5: .* key_tokens="):
        hs.from_arrays(Q, Q[:, :3], tokens=ABC)
    rectangle = FLAT[..., :3] / 0.6
    with pytest.raises(ValueError, match=r"attentions has 3 key positions, but tokens has 5: .* key_tokens="):
        hs.from_attentions([rectangle], ABC)
    found = hs.from_attentions([rectangle], ABC, key_tokens=list("xyz"))
    assert found.maps["self"].key_tokens == ("x", "y", "z")


def test_arguments_that_bertviz_does_not_have() -> None:
    with pytest.raises(ValueError, match="a batch of 2 texts") as caught:
        head_view([torch.full((2, 2, 3, 3), 1 / 3)], list("abc"), html_action="return")
    assert "batch_index" not in str(caught.value)
    assert "[part[:1] for part in attention]" in str(caught.value)
    with pytest.raises(ValueError, match=r"5 key positions.*hs\.from_attentions\(attention, tokens, key_tokens="):
        head_view([torch.full((1, 2, 3, 5), 0.2)], list("abc"), html_action="return")


@pytest.mark.parametrize("name", ["include_heads", "include_layers"])
def test_options_that_take_lists(name: str, model: Any) -> None:
    capture = hs.capture(model, inputs=[5, 9])
    with pytest.raises(ValueError, match=r"heads is 3; it takes .* in a list, such as \[3\], or head=3"):
        capture.head_view(heads=3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=rf"{name} is 1; it takes .* in a list, such as \[1\]$"):
        capture.model_view(**{name: 1})  # type: ignore[arg-type]


def test_windows_larger_than_the_model(model: Any) -> None:
    def tokenizer(text: str, **_: Any) -> dict[str, Any]:
        return {"input_ids": torch.full((1, len(text.split())), 5)}

    tokenizer.all_special_ids, tokenizer.convert_ids_to_tokens = [], list  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match=r"window is 33 tokens, but the model has positions for 32: pass window=True"):
        hs.capture_batch(model, tokenizer, "red " * 50, window=33)


@pytest.mark.parametrize("factor", [0.1, 0.5, 2.0])
@pytest.mark.parametrize("kind", [np.asarray, torch.as_tensor])
def test_rows_that_do_not_sum_to_one_are_named(factor: float, kind: Any) -> None:
    notes = hs.from_attentions([kind(FLAT * factor)], ABC).report().notes
    said = f"sums are {factor:.3g}. Each row must be a query, each column a key."
    assert any(said in note for note in notes)


@pytest.mark.parametrize("given", [FLAT, np.eye(5)[None, None], np.tril(np.ones((5, 5)))[None, None] * FLAT])
def test_other_sums(given: Any) -> None:
    notes = hs.from_attentions([given], ABC).report().notes
    sums = given[0, 0].sum(-1)
    assert any("do not sum to 1" in note for note in notes) == bool(np.abs(sums - 1).max() > 0.05)
    assert not [note for note in hs.from_attentions([given * np.nan], ABC).report().notes if "sum to 1" in note]


def test_long_values_end_in_an_ellipsis() -> None:
    assert shown("a" * 100) == "'" + "a" * 78 + "…"
    assert shown([1, 2]) == "[1, 2]"
    for wrong in ("x" * 200, list(range(200))):
        with pytest.raises(TypeError, match="… "):
            hs.capture(wrong, inputs=[5, 9])
