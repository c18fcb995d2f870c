"""The constants of BertViz's copies that transformers does not have: checkpoints, addresses, caches, documentation."""

from __future__ import annotations

import importlib
from typing import Any

HUB = "https://huggingface.co/{name}/resolve/main/{file}"

CHECKPOINTS: dict[str, list[str]] = {
    "bert": [
        *(f"bert-{size}-{case}" for case in ("uncased", "cased") for size in ("base", "large")),
        *(f"bert-base-{kind}" for kind in ("multilingual-uncased", "multilingual-cased", "chinese", "german-cased")),
        *(f"bert-large-{case}-whole-word-masking" for case in ("uncased", "cased")),
        *(f"bert-large-{case}-whole-word-masking-finetuned-squad" for case in ("uncased", "cased")),
        "bert-base-cased-finetuned-mrpc",
    ],
    "gpt2": ["gpt2", "gpt2-medium"],
    "openai": ["openai-gpt"],
    "roberta": ["roberta-base", "roberta-large", "roberta-large-mnli"],
    "transfo_xl": ["transfo-xl-wt103"],
    "xlm": [
        *(f"xlm-mlm-{kind}" for kind in ("en-2048", "ende-1024", "enfr-1024", "enro-1024")),
        *(f"xlm-mlm-{kind}" for kind in ("tlm-xnli15-1024", "xnli15-1024")),
        *(f"xlm-clm-{kind}" for kind in ("enfr-1024", "ende-1024")),
    ],
    "xlnet": ["xlnet-base-cased", "xlnet-large-cased"],
}

POSITIONS: dict[str, int | None] = {
    "bert": 512,
    "gpt2": 1024,
    "openai": 512,
    "roberta": 512,
    "transfo_xl": None,
    "xlm": 512,
    "xlnet": None,
}
"""The longest input of each type's checkpoints, in tokens; None if there is no limit."""

BYTE_PAIRS = {"vocab_file": "vocab.json", "merges_file": "merges.txt"}
VOCABULARIES: dict[str, dict[str, str]] = {
    "bert": {"vocab_file": "vocab.txt"},
    "gpt2": BYTE_PAIRS,
    "openai": BYTE_PAIRS,
    "roberta": BYTE_PAIRS,
    "transfo_xl": {"pretrained_vocab_file": "vocab.bin"},
    "xlm": BYTE_PAIRS,
    "xlnet": {"vocab_file": "spiece.model"},
}

VALUES: dict[str, Any] = {
    "CORPUS_NAME": "corpus.bin",
    "TF_WEIGHTS_NAME": "model.ckpt",
}

MODELS = {"bert": "BertModel", "gpt2": "GPT2Model", "openai": "OpenAIGPTModel", "roberta": "RobertaModel"}
MODELS |= {"xlm": "XLMModel", "xlnet": "XLNetModel"}
"""The class whose documentation stands for the documentation of a type."""


def made(module: str, name: str) -> Any:
    """Return the value of a constant of one of BertViz's modules; None if `name` is not such a constant."""
    type_ = module.partition("_")[2]
    if name in VALUES:
        return VALUES[name]
    if name == "VOCAB_FILES_NAMES" and type_ == "transfo_xl":
        return {"pretrained_vocab_file": "vocab.bin", "vocab_file": "vocab.txt"}
    if name.endswith("_CACHE") or name in ("default_cache_path", "torch_cache_home"):
        return _cache(name)
    if name.endswith("_DOCSTRING"):
        return _documentation(type_, of_inputs=name.endswith("_INPUTS_DOCSTRING"))
    if name == "PRETRAINED_POSITIONAL_EMBEDDINGS_SIZES":
        return dict.fromkeys(CHECKPOINTS[type_], POSITIONS[type_])
    if name == "PRETRAINED_VOCAB_FILES_MAP":
        return {key: _addresses(type_, file) for key, file in VOCABULARIES[type_].items()}
    ends = {"_MODEL_ARCHIVE_MAP": "pytorch_model.bin", "_CONFIG_ARCHIVE_MAP": "config.json"}
    ends |= {"_CORPUS_ARCHIVE_MAP": "corpus.bin"}
    file = next((file for end, file in ends.items() if name.endswith(end)), None)
    return _addresses(type_, file) if file else None


def _addresses(type_: str, file: str) -> dict[str, str]:
    return {name: HUB.format(name=name, file=file) for name in CHECKPOINTS[type_]}


def _cache(name: str) -> Any:
    """Return the folder of the hub's downloads: as a path for the constants that are one, otherwise as a string."""
    from pathlib import Path

    folder: str = importlib.import_module("huggingface_hub.constants").HF_HUB_CACHE
    return Path(folder) if name.endswith("_CACHE") else folder


def _documentation(type_: str, of_inputs: bool) -> str:
    if type_ not in MODELS:
        return "The installed transformers has no such model."
    class_ = getattr(importlib.import_module("transformers"), MODELS[type_])
    return str((class_.forward if of_inputs else class_).__doc__)
