"""Rows of data sets: columns without an argument are left out and named, misspelt arguments are refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import transformers as tf
from torch import nn

import headscope as hs
from headscope.tracing.inputs.columns import for_the_model

IDS = torch.tensor([[5, 9, 7]])
TINY = {
    "vocab_size": 50, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48,
}  # fmt: skip
MODELS = {
    "BertModel": tf.BertConfig(**TINY),
    "BertForSequenceClassification": tf.BertConfig(**TINY),
    "RobertaModel": tf.RobertaConfig(**TINY),
    "DistilBertModel": tf.DistilBertConfig(vocab_size=50, dim=32, n_layers=2, n_heads=4, hidden_dim=48),
    "GPT2LMHeadModel": tf.GPT2Config(vocab_size=50, n_embd=32, n_layer=2, n_head=4),
    "LlamaForCausalLM": tf.LlamaConfig(**TINY),
    "LlamaModel": tf.LlamaConfig(**TINY),
}
COLUMNS: dict[str, Any] = {
    "label": 1,
    "label of a batch": [1],
    "label in words": "positive",
    "labels": 1,
    "labels in words": "positive",
    "labels of floats": 0.5,
    "labels of tokens": [5, 9, 7],
    "labels of none": None,
    "label_ids": [1],
    "idx": 3,
    "sentence": "red green",
    "tokens": ["red", "green"],
    "foo": torch.zeros(3, 4),
    "score": np.float32(0.5),
    "pixels of": np.zeros((2, 2)),
}


@pytest.fixture(scope="module")
def models() -> dict[str, Any]:
    torch.manual_seed(0)
    return {name: getattr(tf, name)(config).eval() for name, config in MODELS.items()}


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("kind", MODELS)
def test_columns_without_an_argument_are_left_out_and_named(models: Any, kind: str, column: str) -> None:
    name, model = column.split()[0], models[kind]
    found = hs.capture(model, inputs={"input_ids": IDS, name: COLUMNS[column]})
    expected = hs.capture(model, inputs={"input_ids": IDS})
    np.testing.assert_array_equal(found.weights(1), expected.weights(1))
    note = f"{kind} has no argument for inputs['{name}']: left out."
    takes_labels = name == "labels" and kind.startswith(("BertFor", "LlamaFor", "GPT2"))
    assert (note in found.report().notes) != takes_labels


@pytest.mark.parametrize("kind", MODELS)
def test_rows_of_a_data_set(models: Any, kind: str) -> None:
    rows = [{"input_ids": [5, 9, 7], "label": 1, "idx": 0}, {"input_ids": [5, 9], "label": 0, "idx": 1}]
    found = hs.capture(models[kind], inputs=rows, batch_index=1)
    assert found.maps["self"].key_tokens == ("5", "9")
    assert f"{kind} has no argument for inputs['label'], inputs['idx']: left out." in found.report().notes


@pytest.mark.parametrize(
    ("wrong", "right"),
    [("atention_mask", "attention_mask"), ("input_embeds", "inputs_embeds"), ("input_idz", "input_ids")],
)
@pytest.mark.parametrize("kind", MODELS)
def test_misspelt_arguments_are_refused(models: Any, kind: str, wrong: str, right: str) -> None:
    given = {wrong: [[1, 1, 1]]} | ({} if right == "input_ids" else {"input_ids": IDS})
    with pytest.raises(TypeError, match=f"inputs\\['{wrong}'\\] is no argument of {kind}: did you mean '{right}'"):
        hs.capture(models[kind], inputs=given)


@pytest.mark.parametrize("name", ["use_cache", "output_hidden_states", "output_attentions", "return_dict"])
@pytest.mark.parametrize("kind", MODELS)
def test_keywords_that_transformers_knows_are_kept(models: Any, kind: str, name: str) -> None:
    notes: list[str] = []
    kept = for_the_model({"input_ids": IDS, name: True}, models[kind], notes)
    assert (name in kept) == (not notes)


class Open(nn.Module):
    """A user's own module, whose keywords nobody else knows."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, **more: Any) -> Any:
        assert more["foo"] == 3
        return self.model(input_ids)


def test_a_module_of_the_user_gets_every_keyword(models: Any) -> None:
    found = hs.capture(Open(models["BertModel"]), inputs={"input_ids": IDS, "foo": 3})
    assert not [note for note in found.report().notes if "left out" in note]


@pytest.mark.parametrize("labels", [1, "positive", 0.5, None, torch.tensor(1), ["a", "b"]])
def test_answers_that_are_no_text_leave_a_decoder_as_without_them(labels: Any) -> None:
    torch.manual_seed(0)
    config = tf.T5Config(
        vocab_size=50, d_model=32, d_kv=8, d_ff=48, num_layers=2, num_heads=4, decoder_start_token_id=0
    )
    model = tf.T5ForConditionalGeneration(config).eval()
    model.generation_config.max_length = 5
    found = hs.capture(model, inputs={"input_ids": IDS, "labels": labels})
    assert found.maps["decoder"].key_tokens == hs.capture(model, inputs=IDS).maps["decoder"].key_tokens
