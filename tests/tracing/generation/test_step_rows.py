"""Where a pass is not what the steps did, each row is that of its step, held against what `generate` returns."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoConfig, AutoModelForImageTextToText, BertLMHeadModel, DynamicCache

import headscope as hs
from zoo.writers import ENDS, IDS, PADDED, PEEKING, SIZES, model_of, sharp

pytestmark = pytest.mark.filterwarnings("ignore:If you want to use")


def rows_of_steps(
    model: Any, inputs: dict[str, Any], **options: Any
) -> tuple[list[list[np.ndarray]], list[np.ndarray]]:
    """Return for each step the weights of each layer, shape (texts, heads, queries, keys), and its logits."""
    model.set_attn_implementation("eager")
    found = model.generate(
        **inputs, return_dict_in_generate=True, output_attentions=True, output_logits=True, do_sample=False, **options
    )
    weights = [[layer.numpy() for layer in step] for step in found.attentions]
    return weights, [logits.numpy() for logits in found.logits]


@pytest.mark.parametrize("row", [0, 1])
@pytest.mark.parametrize("kind", PEEKING)
def test_rows_are_those_of_the_steps(kind: str, row: int):
    model = model_of(kind, **PEEKING[kind])
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        capture = hs.capture_generation(
            model, inputs=PADDED, sequence_index=row, max_new_tokens=4, candidates=None, do_sample=False
        )
    assert any("Each row is what the decoding step gave" in note for note in capture.report().notes)
    steps, _ = rows_of_steps(model, PADDED, max_new_tokens=4)
    shown = PADDED["attention_mask"][row].bool().numpy()
    prompt = int(shown.sum())
    for layer, record in enumerate(capture.maps["self"].records):
        found = capture.weights(layer=layer, map="self")
        assert record.num_queries == prompt + 4
        for step, weights in enumerate(steps):
            own = weights[layer][row]
            kept = np.concatenate([shown, np.ones(step, bool)])
            own = own[:, kept][:, :, kept] if own.shape[1] == len(kept) else own[:, :, kept]
            rows = slice(0, prompt) if step == 0 else slice(prompt + step - 1, prompt + step)
            wanted = own if step == 0 else own[:, -1:]
            np.testing.assert_allclose(found[:, rows, : prompt + step], wanted, atol=2e-5)
            assert not found[:, rows, prompt + step :].any()


@pytest.mark.parametrize("options", [{"num_beams": 3}, {"do_sample": True}, {"layers": [1]}], ids=str)
def test_however_the_text_was_chosen(options: dict[str, Any]):
    model = model_of("bert")
    torch.manual_seed(1)
    capture = hs.capture_generation(model, inputs=IDS, max_new_tokens=4, **options)
    map_ = capture.maps["self"]
    text = torch.tensor([[int(token) for token in map_.query_tokens]])
    model.set_attn_implementation("eager")
    cache = DynamicCache()
    for start, stop in [(0, 5), *((place, place + 1) for place in range(5, text.shape[1]))]:
        with torch.no_grad():
            read = torch.ones(1, stop, dtype=torch.long)
            step = model(text[:, start:stop], attention_mask=read, past_key_values=cache, output_attentions=True)
        found = capture.weights(layer=1, map="self")[:, start:stop]
        np.testing.assert_allclose(found[:, :, :stop], step.attentions[1][0], atol=2e-5)
        assert not found[:, :, stop:].any()


def test_candidates_are_what_the_steps_said():
    model = model_of("bert")
    capture = hs.capture_generation(model, inputs=IDS, max_new_tokens=4, candidates=3, do_sample=False)
    _, logits = rows_of_steps(model, {"input_ids": IDS}, max_new_tokens=4)
    for step, scores in enumerate(logits):
        wanted = np.sort(np.exp(scores[0] - np.logaddexp.reduce(scores[0])))[::-1][:3]
        found = capture.logits.probabilities[IDS.shape[1] - 1 + step]
        np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_a_prefix_that_sees_itself_is_that_of_the_first_step():
    text = {**SIZES, "model_type": "gemma", "num_key_value_heads": 1, "head_dim": 8}
    vision = {"model_type": "siglip_vision_model", "hidden_size": 32, "image_size": 28, "patch_size": 14}
    vision |= {"num_hidden_layers": 1, "num_attention_heads": 4, "intermediate_size": 64}
    model = model_of(
        "paligemma", AutoModelForImageTextToText, text_config=text, vision_config=vision, image_token_id=48,
        projection_dim=32,
    )  # fmt: skip
    capture = hs.capture_generation(model, inputs=IDS, max_new_tokens=4, candidates=None, do_sample=False)
    prompt = hs.capture(model, inputs=IDS)
    assert any("Each row is what the decoding step gave" in note for note in capture.report().notes)
    for layer in range(2):
        found = capture.weights(layer=layer, map="text")[:, :5]
        np.testing.assert_allclose(found[:, :, :5], prompt.weights(layer=layer), atol=2e-5)
        assert found[:, 0, 4].all()
        assert not found[:, :, 5:].any()


def test_a_file_keeps_why_there_are_no_queries(tmp_path: Path):
    capture = hs.capture_generation(model_of("bert"), inputs=IDS, max_new_tokens=2)
    assert "attention interface (sdpa): weights of the decoding steps" in repr(capture.report())
    capture.save(tmp_path / "steps.attn.safetensors")
    loaded = hs.load(tmp_path / "steps.attn.safetensors")
    assert loaded.maps["self"].info()["no_vectors"] == capture.maps["self"].info()["no_vectors"]
    assert "one decoding step" in loaded.maps["self"].info()["no_vectors"][0]
    assert repr(loaded.report()) == repr(capture.report())


class OwnGenerate(BertLMHeadModel):
    """Writes with code of its own, which takes no processors."""

    def generate(self, *arguments: Any, logits_processor: None = None, **named: Any) -> Any:
        """Refuse what chooses tokens."""
        assert logits_processor is None
        return super().generate(*arguments, **named)


def test_a_text_that_is_not_written_again_is_told():
    torch.manual_seed(0)
    model = sharp(OwnGenerate(AutoConfig.for_model("bert", **SIZES, **ENDS)).eval())
    with pytest.warns(UserWarning, match="own decoding steps differ"):
        capture = hs.capture_generation(model, inputs=IDS, max_new_tokens=3)
    assert any("decoding steps differ" in note for note in capture.report().notes)
    assert not model._forward_hooks
    assert not model._forward_pre_hooks
