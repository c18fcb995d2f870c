"""Unpack transformers pipelines, and report missing packages. Importing this loads neither torch nor transformers."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

from headscope.tracing.request import is_inputs


def need_torch() -> None:
    """Raise ImportError, with the command to run, if torch is missing."""
    _need("torch")


def need_transformers() -> None:
    """Raise ImportError, with the command to run, if torch or transformers is missing."""
    _need("torch", "transformers")


def _need(*packages: str) -> None:
    for package in packages:
        try:
            importlib.import_module(package)
        except ImportError as error:
            advice = 'pip install "headscope[transformers]"'
            raise ImportError(f"capture needs {package}: {advice}", name=package) from error


def is_pipeline(model: Any) -> bool:
    """Return whether this is a transformers pipeline: not a model, but an object that holds one."""
    return hasattr(model, "model") and hasattr(model, "tokenizer") and hasattr(model, "preprocess")


def of_pipeline(pipeline: Any, *arguments: Any) -> tuple[Any, Any, Any, Any]:
    """Return the model, the tokenizer or processor, the text and the text pair of a call with a pipeline.

    The tokenizer or processor is the pipeline's own. The first argument after the pipeline is the text; a tokenizer in
    its place is ignored.
    """
    processors = (getattr(pipeline, name, None) for name in ("processor", "tokenizer", "feature_extractor"))
    tokenizer = next((processor for processor in processors if processor is not None), None)
    first = arguments[0]
    texts = arguments if isinstance(first, (str, Sequence)) or is_inputs(first) else (*arguments[1:], None)
    return pipeline.model, tokenizer, texts[0], texts[1]
