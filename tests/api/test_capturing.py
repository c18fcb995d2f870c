"""Which of several texts a capture shows: the report says so, unless the caller chose one."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import transformers as tf
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from torch import nn

import headscope as hs

ROWS: dict[str, Any] = {
    "list": [[5, 9, 7], [3, 4, 6]],
    "ragged": [[5, 9, 7], [3, 4]],
    "tensor": torch.tensor([[5, 9, 7], [3, 4, 6]]),
    "mapping": {"input_ids": [[5, 9, 7], [3, 4, 6]], "attention_mask": [[1, 1, 1], [1, 1, 0]]},
    "rows of a data set": [{"input_ids": [5, 9, 7]}, {"input_ids": [3, 4, 6]}],
    "embeddings": {"inputs_embeds": torch.randn(2, 3, 16)},
}
SHOWN = "Row 0 of 2 is shown: batch_index= chooses another, and headscope.capture_batch captures all of them."


@pytest.fixture(scope="module")
def model() -> Any:
    torch.manual_seed(0)
    config = tf.GPT2Config(vocab_size=50, n_embd=16, n_layer=3, n_head=2, eos_token_id=49, pad_token_id=0)
    return tf.GPT2LMHeadModel(config).eval()


@pytest.fixture
def tokenizer() -> Any:
    words = ["<pad>", "<s>", "</s>", "<unk>", "red", "green", "blue"]
    backend = Tokenizer(WordLevel({word: id_ for id_, word in enumerate(words)}, unk_token="<unk>"))
    backend.pre_tokenizer = Whitespace()
    kind: Any = tf.PreTrainedTokenizerFast
    return kind(tokenizer_object=backend, pad_token="<pad>", unk_token="<unk>")


def _of_choice(capture: Any) -> list[str]:
    return [note for note in capture.report().notes if " is shown: " in note]


@pytest.mark.parametrize("form", ROWS)
def test_the_first_of_several_rows(model: Any, form: str) -> None:
    assert _of_choice(hs.capture(model, inputs=ROWS[form])) == [SHOWN]
    for row in (0, 1):
        assert _of_choice(hs.capture(model, inputs=ROWS[form], batch_index=row)) == []
    assert all(_of_choice(one) == [] for one in hs.capture_batch(model, inputs=ROWS[form]))


def test_one_row_needs_no_choice(model: Any) -> None:
    for one in ([5, 9], [[5, 9]], {"input_ids": [[5, 9]]}, {"inputs_embeds": torch.randn(1, 3, 16)}):
        assert _of_choice(hs.capture(model, inputs=one)) == []


def test_texts_of_a_list(model: Any, tokenizer: Any) -> None:
    found = hs.capture(model, tokenizer, ["red green", "blue", "red"])
    assert _of_choice(found) == [
        "Text 0 of 3 is shown: batch_index= chooses another, and headscope.capture_batch captures all of them."
    ]
    assert _of_choice(hs.capture(model, tokenizer, ["red green"])) == []
    assert _of_choice(hs.capture(model, tokenizer, "red green")) == []
    assert all(_of_choice(one) == [] for one in hs.capture_batch(model, tokenizer, ["red green", "blue"]))
    tokenizer.pad_token = None  # then texts run alone
    assert _of_choice(hs.capture(model, tokenizer, ["red", "blue"]))[0].startswith("Text 0 of 2 is shown")


@pytest.mark.parametrize("options", [{"num_beams": 3, "num_return_sequences": 2}, {}])
def test_generated_sequences(model: Any, options: dict[str, Any]) -> None:
    prompts = [[5, 9, 7]] if options else [[5, 9, 7], [3, 4, 6]]
    found = hs.capture_generation(model, inputs=prompts, max_new_tokens=2, **options)
    assert _of_choice(found) == ["Sequence 0 of 2 is shown: sequence_index= chooses another."]
    found = hs.capture_generation(model, inputs=prompts, max_new_tokens=2, sequence_index=0, **options)
    assert _of_choice(found) == []
    assert _of_choice(hs.capture_generation(model, inputs=[5, 9], max_new_tokens=2)) == []


@pytest.mark.parametrize("batch_first", [True, False])
def test_rows_of_torch_modules_are_counted_on_their_own_axis(batch_first: bool) -> None:
    layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=batch_first).eval()
    x = torch.randn(2, 5, 16) if batch_first else torch.randn(5, 2, 16)
    assert _of_choice(hs.capture(layer, inputs=x)) == [SHOWN]
    assert _of_choice(hs.capture(layer, inputs=torch.randn(5, 16))) == []


def test_layers_that_were_left_out_are_named(model: Any) -> None:
    for kept, said in (([1], "layers= kept only layer 1 of"), ([0, 2], "layers= kept only layers 0, 2 of")):
        found = hs.capture(model, inputs=[5, 9], layers=kept)
        left = 2 if kept == [1] else 1
        for read in (found.weights, found.to_frame, found.maps["self"].vectors):
            with pytest.raises(ValueError, match=f"layer {left} was left out: {said} the 'self' map"):
                read(left)
