"""What a model predicts, kept by the pass: the model's own softmax, without being asked."""

from __future__ import annotations

import json
import zlib

import numpy as np
import pytest
import torch
import transformers as tf

import headscope as hs
from headscope.data.descriptions import SHOWN_ROWS, describe_maps
from headscope.tracing.inner_model import text_config
from headscope.tracing.inputs import candidates
from headscope.widgets.store import Store

IDS = torch.tensor([[2, 5, 9, 7, 4, 6]])
LABELS = {0: "entailment", 1: "neutral", 2: "contradiction"}
SIZES = {"vocab_size": 60, "hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}


def bert(kind, **more):
    torch.manual_seed(0)
    config = tf.BertConfig(**SIZES, id2label=LABELS, label2id={name: at for at, name in LABELS.items()}, **more)
    return getattr(tf, kind)(config).eval()


def llama():
    torch.manual_seed(0)
    return tf.LlamaForCausalLM(tf.LlamaConfig(**SIZES)).eval()


def logits_of(model, **inputs):
    with torch.no_grad():
        return model(**inputs).logits


def best(logits, count=5):
    return [part.numpy() for part in torch.softmax(logits, -1).topk(count)]


def test_next_tokens_of_a_short_text_are_kept_without_being_asked():
    model = llama()
    found = hs.capture(model, inputs={"input_ids": IDS}).logits
    probabilities, ids = best(logits_of(model, input_ids=IDS)[0])
    np.testing.assert_array_equal(found.ids, ids)
    np.testing.assert_allclose(found.probabilities, probabilities, atol=1e-6)
    assert (found.start, found.masked) == (0, False)


def test_a_long_text_has_those_of_its_last_token(monkeypatch):
    monkeypatch.setattr(candidates, "FEW_BYTES", 100)
    model = llama()
    capture = hs.capture(model, inputs={"input_ids": IDS})
    probabilities, ids = best(logits_of(model, input_ids=IDS)[0, -1:])
    np.testing.assert_array_equal(capture.logits.ids, ids)
    np.testing.assert_allclose(capture.logits.probabilities, probabilities, atol=1e-6)
    [described] = describe_maps(capture)
    assert capture.logits.start == described["predictions"]["start"] == 5
    assert described["predictions"]["tokens"] == [list(capture.logits.tokens[0])]


def test_padding_is_left_out(monkeypatch):
    model, ids = llama(), torch.tensor([[5, 9, 7, 0, 0], [3, 4, 5, 6, 7]])
    inputs = {"input_ids": ids, "attention_mask": torch.tensor([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]])}
    found = hs.capture(model, inputs=inputs, batch_index=0).logits
    np.testing.assert_array_equal(found.ids, best(logits_of(model, input_ids=ids[:1, :3])[0])[1])
    monkeypatch.setattr(candidates, "FEW_BYTES", 100)
    assert hs.capture(model, inputs=inputs, batch_index=0).logits is None, "the last position is padding"
    assert hs.capture(model, inputs=inputs, batch_index=1).logits.start == 4


def test_a_masked_language_model_predicts_the_token_itself():
    model = bert("BertForMaskedLM")
    capture = hs.capture(model, inputs={"input_ids": IDS})
    np.testing.assert_array_equal(capture.logits.ids, best(logits_of(model, input_ids=IDS)[0])[1])
    assert capture.logits.masked
    assert describe_maps(capture)[0]["predictions"]["kind"] == "masked"


def test_labels_of_a_classifier_of_texts():
    model = bert("BertForSequenceClassification")
    capture = hs.capture(model, inputs={"input_ids": IDS})
    wanted = torch.softmax(logits_of(model, input_ids=IDS)[0], -1).numpy()
    np.testing.assert_allclose(capture.predictions.probabilities, wanted, atol=1e-6)
    assert capture.predictions.labels == ("entailment", "neutral", "contradiction")
    assert capture.predictions.best == LABELS[int(wanted.argmax())]
    assert repr(capture.predictions).startswith(f"<Labels: {capture.predictions.best} {wanted.max():.3g}, ")
    found = describe_maps(capture)[0]["predictions"]
    assert (found["kind"], found["tokens"][0][0]) == ("input", capture.predictions.best)
    np.testing.assert_allclose(found["probabilities"][0], np.sort(wanted)[::-1], atol=1e-5)


def test_labels_that_do_not_exclude_each_other():
    model = bert("BertForSequenceClassification", problem_type="multi_label_classification")
    found = hs.capture(model, inputs={"input_ids": IDS}).predictions
    np.testing.assert_allclose(found.probabilities, torch.sigmoid(logits_of(model, input_ids=IDS)[0]), atol=1e-6)


def test_labels_of_a_classifier_of_tokens():
    model = bert("BertForTokenClassification")
    capture = hs.capture(model, inputs={"input_ids": IDS})
    wanted = torch.softmax(logits_of(model, input_ids=IDS)[0], -1).numpy()
    np.testing.assert_allclose(capture.predictions.probabilities, wanted, atol=1e-6)
    assert capture.predictions.best == tuple(LABELS[int(at)] for at in wanted.argmax(-1))
    assert describe_maps(capture)[0]["predictions"]["kind"] == "label"


@pytest.mark.parametrize("kind", ["BertModel", "BertForNextSentencePrediction", "BertForPreTraining"])
def test_models_without_logits_of_tokens_or_labels(kind):
    capture = hs.capture(bert(kind), inputs={"input_ids": IDS})
    assert capture.logits is None
    assert capture.predictions is None
    assert "predictions" not in describe_maps(capture)[0]


def test_an_encoder_decoder_predicts_beside_its_target():
    torch.manual_seed(0)
    model = tf.T5ForConditionalGeneration(
        tf.T5Config(vocab_size=60, d_model=32, d_ff=32, d_kv=8, num_layers=2, num_heads=4, decoder_start_token_id=0)
    ).eval()
    capture = hs.capture(model, inputs={"input_ids": IDS, "decoder_input_ids": IDS[:, :3]})
    described = {info["name"]: info for info in describe_maps(capture)}
    assert "predictions" not in described["encoder"]
    assert described["decoder"]["predictions"] == described["cross"]["predictions"]
    assert len(described["decoder"]["predictions"]["tokens"]) == 3


@pytest.mark.parametrize("kind", ["BertForSequenceClassification", "BertForTokenClassification", "BertForMaskedLM"])
def test_files_keep_them(kind, tmp_path):
    capture = hs.capture(bert(kind), inputs={"input_ids": IDS})
    capture.save(tmp_path / "a.attn.safetensors")
    loaded = hs.load(tmp_path / "a.attn.safetensors")
    assert describe_maps(loaded) == describe_maps(capture)
    assert (loaded.predictions is None) == (capture.predictions is None)
    if capture.predictions is not None:
        assert loaded.predictions.labels == capture.predictions.labels
        np.testing.assert_array_equal(loaded.predictions.probabilities, capture.predictions.probabilities)
    else:
        assert loaded.logits.masked


def test_pages_receive_the_last_rows_of_a_long_text():
    capture = hs.capture(llama(), inputs={"input_ids": torch.arange(1, 1101)[None] % 60}, candidates=7)
    assert len(capture.logits.ids) == 1100
    maps = json.loads(zlib.decompress(Store(capture).get_state("maps")["maps"]))
    found = maps[0]["predictions"]
    assert (found["start"], len(found["tokens"]), len(found["tokens"][0])) == (1100 - SHOWN_ROWS, SHOWN_ROWS, 5)


@pytest.mark.parametrize("kind", [tf.MusicgenConfig, tf.MusicgenMelodyConfig])
def test_a_config_of_two_texts_is_read_whole(kind):
    """`make models` captures models of every config; of all, these two refuse to name one part for the text."""
    config = kind()
    with pytest.raises(ValueError, match="Multiple valid text configs"):
        config.get_text_config()
    assert text_config(config) is config
    assert text_config(None) is None
    assert text_config(tf.LlavaConfig()).model_type == "llama"
