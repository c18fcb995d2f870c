"""Captures from activation caches, whose numbers are computed here by their definition, in float64."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import headscope as hs

N, HEADS, KV, DIM = 7, 4, 2, 8
CAUSAL = np.where(np.tri(N, dtype=bool), 0, -np.inf)


def vectors(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape) * 2


def softmax(scores: np.ndarray) -> np.ndarray:
    """Compute weights from scores; a row without a visible key is 0, as TransformerLens makes it."""
    highest = scores.max(-1, keepdims=True)
    exponentials = np.exp(scores - np.where(np.isinf(highest), 0, highest))
    total = exponentials.sum(-1, keepdims=True)
    return np.divide(exponentials, total, out=np.zeros_like(exponentials), where=total > 0)


def layer(number: int, *, scale=DIM**-0.5, added=CAUSAL, softcap=None, rotated=False, dtype=torch.float32, batch=1):
    """Return the activations of one layer under TransformerLens' names, and its weights."""
    q, k = vectors(batch, N, HEADS, DIM, seed=number), vectors(batch, N, KV, DIM, seed=number + 50)
    scores = np.einsum("bqhd,bkhd->bhqk", q, np.repeat(k, HEADS // KV, axis=2)) * scale
    scores = (scores if softcap is None else softcap * np.tanh(scores / softcap)) + added
    pattern = softmax(scores)
    names = (
        {"hook_rot_q": q, "hook_rot_k": k, "hook_q": q + 9, "hook_k": k + 9} if rotated else {"hook_q": q, "hook_k": k}
    )
    names |= {"hook_attn_scores": scores, "hook_pattern": pattern}
    return {f"blocks.{number}.attn.{name}": torch.tensor(value).to(dtype) for name, value in names.items()}, pattern


def config(**fields) -> SimpleNamespace:
    known = {"n_layers": 2, "attn_scale": DIM**0.5, "use_attn_scale": True, "attention_dir": "causal"}
    return SimpleNamespace(cfg=SimpleNamespace(**{**known, "positional_embedding_type": "standard", **fields}))


def cache_of(options=({}, {})) -> tuple[dict[str, torch.Tensor], list[np.ndarray]]:
    found = [layer(number, **each) for number, each in enumerate(options)]
    return {name: value for part, _ in found for name, value in part.items()}, [pattern for _, pattern in found]


WINDOW = np.where(np.tri(N, dtype=bool) & ~np.tri(N, k=-3, dtype=bool), 0, -np.inf)
SLOPES = 2.0 ** -np.arange(2, 9, 2)
ALIBI = SLOPES[:, None, None] * (np.arange(N) - np.arange(N)[:, None])
PADDED = np.where(np.tri(N, dtype=bool) & (np.arange(N) > 1), 0, -np.inf)
BIAS = vectors(HEADS, N, N, seed=3)

RULES = [
    pytest.param({}, {}, id="causal"),
    pytest.param({"added": 0.0}, {"attention_dir": "bidirectional"}, id="bidirectional"),
    pytest.param({"softcap": 2.0}, {"attn_scores_soft_cap": 2.0}, id="softcap"),
    pytest.param({"scale": 1.0}, {"use_attn_scale": False}, id="no scale"),
    pytest.param({"scale": 0.2}, {"attn_scale": 5.0}, id="other scale"),
    pytest.param({}, {"attn_scale": -1.0}, id="unset scale"),
    pytest.param({"rotated": True}, {"positional_embedding_type": "rotary"}, id="rotary"),
    pytest.param({"added": CAUSAL + ALIBI}, {"positional_embedding_type": "alibi"}, id="alibi"),
    pytest.param({"added": WINDOW}, {"attn_types": ["local"] * 2, "window_size": 3}, id="window"),
]


@pytest.mark.parametrize("keeps_patterns", [True, False])
@pytest.mark.parametrize(("rules", "fields"), RULES)
def test_weights_are_computed_from_queries_and_keys(rules, fields, keeps_patterns):
    cache, patterns = cache_of((rules, rules))
    if not keeps_patterns:
        cache = {name: value for name, value in cache.items() if not name.endswith(("pattern", "scores"))}
    capture = hs.from_cache(cache, config(**fields))
    map_ = capture.maps["self"]
    for number, pattern in enumerate(patterns):
        np.testing.assert_allclose(capture.weights(number), pattern[0], atol=2e-6)
        assert map_.num_kv_heads(number) == KV
    assert map_.query_tokens == tuple(map(str, range(N)))
    note = (
        "largest difference from the cache's patterns"
        if keeps_patterns
        else "The cache has no patterns for layers 0, 1"
    )
    assert note in " ".join(capture.report().notes)
    assert capture.report().maps[0].modules == ("blocks.0.attn", "blocks.1.attn")


@pytest.mark.parametrize(
    ("rules", "fields"),
    [
        pytest.param({"added": PADDED}, {}, id="padding"),
        pytest.param({"added": WINDOW}, {}, id="a window that the configuration lacks"),
        pytest.param({"added": CAUSAL + BIAS}, {"positional_embedding_type": "relative_positional_bias"}, id="bias"),
        pytest.param({"scale": DIM**-0.5 / 2}, {"scale_attn_by_inverse_layer_idx": True}, id="scale by layer"),
    ],
)
def test_rules_that_patterns_and_scores_show(rules, fields):
    cache, patterns = cache_of(({}, rules))
    capture = hs.from_cache(cache, config(**fields))
    np.testing.assert_allclose(capture.weights(1), patterns[1][0], atol=2e-6)
    assert capture.maps["self"].num_kv_heads(1) == KV


@pytest.mark.parametrize(("dtype", "atol"), [(torch.bfloat16, 8e-3), (torch.float16, 1e-3), (torch.float64, 2e-6)])
def test_precisions(dtype, atol):
    q, k = (torch.tensor(vectors(1, N, heads, DIM, seed=heads)).to(dtype) for heads in (HEADS, KV))
    products = np.einsum("bqhd,bkhd->bhqk", q.double(), k.double().repeat_interleave(2, dim=2)) * DIM**-0.5
    pattern = softmax(products + CAUSAL)
    names = {"hook_q": q, "hook_k": k, "hook_pattern": torch.tensor(pattern).to(dtype)}
    capture = hs.from_cache({f"blocks.0.attn.{name}": value for name, value in names.items()}, config(n_layers=1))
    np.testing.assert_allclose(capture.weights(0), pattern[0], atol=atol)
    assert capture.maps["self"].num_kv_heads(0) == KV


def test_a_changed_pattern_is_shown_as_it_is():
    cache, patterns = cache_of()
    cache["blocks.1.attn.hook_pattern"][:, 1, 5] = 0
    capture = hs.from_cache(cache, config())
    np.testing.assert_allclose(capture.weights(0), patterns[0][0], atol=2e-6)
    np.testing.assert_array_equal(capture.weights(1), cache["blocks.1.attn.hook_pattern"][0].numpy())
    assert "show the cache's patterns, because its queries and keys do not give them: 1" in capture.report().notes[1]
    with pytest.raises(ValueError, match="queries and keys"):
        capture.queries(1)


def test_unrotated_queries_and_keys_are_not_shown_beside_rotated_weights():
    cache, patterns = cache_of(({"rotated": True},) * 2)
    cache = {name: value for name, value in cache.items() if "rot" not in name}
    rotary = config(positional_embedding_type="rotary")
    np.testing.assert_allclose(hs.from_cache(cache, rotary).weights(0), patterns[0][0], atol=1e-6)
    with pytest.raises(ValueError, match="queries and keys"):
        hs.from_cache(cache, rotary).queries(0)
    cache = {name: value for name, value in cache.items() if name.endswith(("_q", "_k"))}
    with pytest.raises(ValueError, match=r"blocks\.0\.attn before the rotation.*keep hook_rot_q and hook_rot_k"):
        hs.from_cache(cache, rotary)


def test_without_a_model_patterns_alone_prove_the_rules():
    cache, patterns = cache_of()
    np.testing.assert_allclose(hs.from_cache(cache).weights(1), patterns[1][0], atol=2e-6)
    assert hs.from_cache(cache).maps["self"].num_kv_heads(1) == KV
    cache = {name: value for name, value in cache.items() if name.endswith(("_q", "_k"))}
    with pytest.raises(ValueError, match=r"does not tell the scale and the mask of blocks\.0\.attn.*pass model"):
        hs.from_cache(cache)


def test_layers_that_the_cache_lacks_keep_their_place():
    cache, patterns = cache_of()
    cache = {name: value for name, value in cache.items() if name == "blocks.1.attn.hook_pattern"}
    capture = hs.from_cache(cache, config(n_layers=4))
    assert (capture.maps["self"].num_layers, capture.maps["self"].layers) == (4, (1,))
    np.testing.assert_allclose(capture.weights(1), patterns[1][0], atol=1e-6)


def test_batches_and_caches_without_a_batch_axis():
    cache, patterns = cache_of(({"batch": 3},) * 2)
    np.testing.assert_allclose(hs.from_cache(cache, config(), batch_index=2).weights(1), patterns[1][2], atol=2e-6)
    with pytest.raises(ValueError, match="the cache holds a batch of 3 texts"):
        hs.from_cache(cache, config())
    with pytest.raises(IndexError, match="batch_index 3 is out of range"):
        hs.from_cache(cache, config(), batch_index=3)
    alone = {name: value[1] for name, value in cache.items()}
    wrapped = SimpleNamespace(cache_dict=alone, model=config())
    np.testing.assert_allclose(hs.from_cache(wrapped).weights(1), patterns[1][1], atol=2e-6)


def test_encoder_and_decoder_are_maps():
    one, patterns = cache_of()
    parts = {"encoder.0.attn": 0, "decoder.0.attn": 0, "decoder.0.cross_attn": 1}
    cache = {
        f"{module}.{hook}": one[f"blocks.{number}.attn.{hook}"]
        for module, number in parts.items()
        for hook in ("hook_q", "hook_k", "hook_pattern")
    }
    capture = hs.from_cache(cache, config())
    assert list(capture.maps) == ["encoder", "decoder", "cross"]
    np.testing.assert_allclose(capture.weights(0, map="cross"), patterns[1][0], atol=2e-6)


class Tokenizer:
    all_special_ids = (0,)

    def convert_ids_to_tokens(self, ids):
        return [f"t{id_}" for id_ in ids]


def test_tokens_of_a_text_of_ids_and_of_the_cache():
    cache, _ = cache_of()
    model = config()
    model.tokenizer, model.to_str_tokens = Tokenizer(), lambda text: list(text)
    ids = torch.arange(3, 3 + N)
    named = tuple(f"t{id_}" for id_ in ids.tolist())
    assert hs.from_cache(cache, model, "a bcdef").maps["self"].query_tokens == tuple("a bcdef")
    assert hs.from_cache(cache, model, ids[None]).maps["self"].query_tokens == named
    assert hs.from_cache({**cache, "embed.hook_in": ids[None]}, model).maps["self"].key_tokens == named
    assert hs.from_cache(cache, model, list("abcdefg")).maps["self"].query_tokens == tuple("abcdefg")
    with pytest.raises(ValueError, match="7 query positions, but tokens has 2"):
        hs.from_cache(cache, model, ["a", "b"])
    with pytest.raises(TypeError, match="tokens is a text, but there is no model to split it"):
        hs.from_cache(cache, None, "a text")


@pytest.mark.parametrize(
    ("cache", "error", "message"),
    [
        (3, TypeError, "cache is a int, not an ActivationCache: pass the second value of model.run_with_cache"),
        ({}, ValueError, "the cache has no attention: it has nothing"),
        ({"blocks.0.hook_resid_pre": torch.zeros(1)}, ValueError, "has no attention: it has blocks.0.hook_resid_pre"),
        (
            {"blocks.0.attn.hook_q": torch.zeros(1, 3, 4, 8)},
            ValueError,
            "neither blocks.0.attn.hook_pattern nor queries",
        ),
        ({"blocks.0.attn.hook_pattern": [1]}, TypeError, "blocks.0.attn.hook_pattern is a list, not a tensor"),
        ({"blocks.0.attn.hook_pattern": torch.zeros(4)}, ValueError, "blocks.0.attn.hook_pattern has shape"),
    ],
)
def test_what_is_no_cache(cache, error, message):
    with pytest.raises(error, match=message):
        hs.from_cache(cache)


@settings(deadline=None, max_examples=40)
@given(
    scale=st.floats(0.05, 2),
    softcap=st.none() | st.floats(0.5, 20),
    mask=st.sampled_from([CAUSAL, WINDOW, PADDED, np.zeros((N, N))]),
    knows=st.booleans(),
)
def test_any_rules_give_the_right_weights(scale, softcap, mask, knows):
    """With a configuration that knows the rules, and with one that does not: the weights are right either way."""
    cache, patterns = cache_of(({"scale": scale, "softcap": softcap, "added": mask},) * 2)
    fields = {"attn_scale": 1 / scale, "attn_scores_soft_cap": softcap or -1.0} if knows else {}
    capture = hs.from_cache(cache, config(**fields))
    for number, pattern in enumerate(patterns):
        np.testing.assert_allclose(capture.weights(number), pattern[0], atol=6e-5)
