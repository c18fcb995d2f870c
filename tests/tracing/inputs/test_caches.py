"""Names of keys that come from a cache: of every kind of cache, they are those of the same columns in one full pass."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
import torch
import transformers as tf

import headscope as hs

TINY: dict[str, Any] = {
    "vocab_size": 50, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 3, "num_attention_heads": 4,
    "num_key_value_heads": 2, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2,
}  # fmt: skip
WINDOW = {"sliding_window": 4}
MODELS: dict[str, dict[str, Any]] = {
    "llama": {},
    "mistral": WINDOW,
    "phi3": WINDOW,
    "qwen2": WINDOW | {"use_sliding_window": True, "max_window_layers": 1},
    "gemma2": WINDOW | {"head_dim": 8},
    "gemma3_text": WINDOW | {"head_dim": 8},
    "gpt_oss": WINDOW | {"head_dim": 8, "num_local_experts": 2, "num_experts_per_tok": 1},
    "llama4_text": {
        "attention_chunk_size": 4, "head_dim": 8, "intermediate_size_mlp": 32, "num_local_experts": 2,
        "num_experts_per_tok": 1, "no_rope_layers": [1, 1, 0],
    },
}  # fmt: skip
TEXT = torch.tensor([[5, 9, 7, 11, 9, 3, 8, 6, 4, 12, 10]])
CACHES = {
    "dynamic": lambda config: tf.DynamicCache(config=config),
    "dynamic without a config": lambda _: tf.DynamicCache(),
    "static": lambda config: tf.StaticCache(config=config, max_cache_len=16),
    "just filled": lambda config: tf.StaticCache(config=config, max_cache_len=TEXT.shape[1]),
}


def _model(kind: str, implementation: str) -> Any:
    torch.manual_seed(0)
    config = tf.AutoConfig.for_model(kind, **TINY | MODELS[kind])
    model = tf.AutoModelForCausalLM.from_config(config, attn_implementation=implementation).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.mul_(4)
    return model


def _filled(model: Any, kind: str, ids: torch.Tensor, **more: Any) -> Any:
    cache = CACHES[kind](model.config)
    with torch.no_grad():
        model(input_ids=ids, past_key_values=cache, use_cache=True, **more)
    return cache


def _columns(names: tuple[str, ...], own: list[str], past: int) -> list[int]:
    """Return the column of a full pass that each name stands for."""
    return [int(name.split()[1]) if name.startswith("past ") else past + own.index(name) for name in names]


@pytest.mark.parametrize("cache", CACHES)
@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("count", [3, 1])
def test_keys_are_the_columns_of_the_full_pass(kind: str, cache: str, count: int) -> None:
    model, past = _model(kind, "eager"), 11 - count
    given = {"input_ids": TEXT[:, past:], "past_key_values": _filled(model, cache, TEXT[:, :past])}
    with torch.no_grad():
        full = model(TEXT, output_attentions=True).attentions
    found = hs.capture(model, inputs=given)
    own = [str(id_) for id_ in TEXT[0, past:].tolist()]
    layers = [(map_, layer) for map_ in found.maps.values() for layer in range(map_.num_layers)]
    assert len(layers) == len(full)
    for map_, layer in layers:
        number = int(map_.record(layer).module.split(".")[2])
        columns = _columns(map_.key_tokens, own, past)
        assert list(map_.query_tokens) == own
        assert columns == list(range(11 - len(columns), 11))
        expected = full[number][0, :, past:]
        np.testing.assert_allclose(found.weights(layer, map=map_.name), expected[:, :, columns], atol=1e-5)
        assert float(expected.sum()) == pytest.approx(float(expected[:, :, columns].sum()), rel=1e-5)


@pytest.mark.parametrize("cache", CACHES)
@pytest.mark.parametrize("kind", ["llama", "gemma3_text"])
def test_padding_in_the_cache_is_left_out(kind: str, cache: str) -> None:
    model = _model(kind, "sdpa")
    ids = torch.stack([TEXT[0], torch.cat([torch.zeros(6, dtype=torch.long), TEXT[0, 6:]])])
    mask = (ids != 0).long()
    held = _filled(model, cache, ids[:, :8], attention_mask=mask[:, :8])
    given = {"input_ids": ids[:, 8:], "attention_mask": mask, "past_key_values": held}
    found = hs.capture(model, inputs=given, batch_index=1)
    for map_ in found.maps.values():
        assert map_.key_tokens == ("past 6", "past 7", "4", "12", "10")
    kept = hs.capture(model, inputs=given, batch_index=1, keep_padding=True)
    for map_ in kept.maps.values():
        held_names = [name for name in map_.key_tokens if name != "empty"]
        assert _columns(tuple(held_names), ["4", "12", "10"], 8) == list(range(11 - len(held_names), 11))


def test_names_for_the_whole_text_name_the_keys_of_windows() -> None:
    model = _model("gemma3_text", "sdpa")
    given = {"input_ids": TEXT[:, 8:], "past_key_values": _filled(model, "dynamic", TEXT[:, :8])}
    found = hs.capture(model, inputs=given, tokens=list("abcdefghijk"))
    assert found.maps["self"].key_tokens == tuple("fghijk")
    assert found.maps["self"].query_tokens == tuple("ijk")


@pytest.mark.parametrize("kind", ["t5", "bart"])
def test_keys_of_a_decoder_come_from_its_cache(kind: str) -> None:
    settings = dict(TINY, d_model=32, decoder_start_token_id=1, is_encoder_decoder=True, d_kv=8, d_ff=64, num_layers=2)
    del settings["num_key_value_heads"]
    torch.manual_seed(0)
    model = tf.AutoModelForSeq2SeqLM.from_config(tf.AutoConfig.for_model(kind, **settings)).eval()
    cache = tf.EncoderDecoderCache(tf.DynamicCache(), tf.DynamicCache())
    with torch.no_grad():
        model(input_ids=TEXT, decoder_input_ids=TEXT[:, :8], past_key_values=cache, use_cache=True)
    before = copy.deepcopy(cache)
    found = hs.capture(model, inputs={"input_ids": TEXT, "decoder_input_ids": TEXT[:, 8:], "past_key_values": cache})
    whole = hs.capture(model, inputs={"input_ids": TEXT, "decoder_input_ids": TEXT})
    assert found.maps["decoder"].key_tokens == (*(f"past {place}" for place in range(8)), "4", "12", "10")
    for name, columns in (("decoder", slice(None)), ("cross", slice(None))):
        np.testing.assert_allclose(found.weights(1, map=name), whole.weights(1, map=name)[:, 8:, columns], atol=1e-5)
    assert cache.get_seq_length() == before.get_seq_length()
