"""What the source files of a model's classes say before it runs.

Only costs depend on it: what to expect in memory, and which ways of observing can be left out. A module that attends
without being seen is reported in any case.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator
from functools import cache

import torch

from headscope.tracing.hooks.modules import Modules

SEEN = ("ALL_ATTENTION_FUNCTIONS", "scaled_dot_product_attention")
"""The names in a file whose classes give queries and keys."""

BY_HAND = ("softmax", "scaled_dot_product_attention", "multiheadattention", "einsum")
"""The words in a file, in lower case, whose classes may attend without the interface: `nn.Softmax` as well."""

EAGER = "eager_attention_forward"
MODELS = "transformers.models."

WHOLE = (torch.nn.MultiheadAttention, torch.nn.TransformerEncoderLayer, torch.nn.TransformerDecoderLayer)
"""Torch's own modules that attend."""


def returns_weights(modules: Modules) -> bool:
    """Return whether a model probably computes attention step by step, so that weights will be kept."""
    return any(not _calls_a_function(type(module)) for module in modules.attending.values())


def only_looks_up(modules: Modules) -> bool:
    """Return whether every attention of a model certainly goes through transformers' attention interface."""
    return all(_is_plain(type(module)) for module in modules.named.values())  # type: ignore[arg-type]  # classes can be hashed


@cache
def _is_plain(kind: type[torch.nn.Module]) -> bool:
    """Return whether a class is of torch's own that does not attend, or of a file that attends by the interface."""
    if issubclass(kind, WHOLE):
        return False
    if kind.__module__.startswith("torch.nn.modules."):
        return True
    if not kind.__module__.startswith("transformers."):
        return False
    return all(_attends_by_lookup(base.__module__) for base in kind.__mro__ if base.__module__.startswith(MODELS))


@cache
def _attends_by_lookup(file: str) -> bool:
    source = _source_of(file)
    if not source:
        return False
    if not any(word in source.lower() for word in BY_HAND):
        return True
    return not any(word in name.lower() for name in _names_in(ast.parse(source)) for word in BY_HAND)


def _names_in(node: ast.AST) -> Iterator[str]:
    """Yield the names that a piece of code uses, without those in eager functions, which the look-up returns.

    Sentences are left out, because many a docstring tells of a softmax.
    """
    if isinstance(node, ast.FunctionDef) and node.name.endswith(EAGER):
        return
    for _, value in ast.iter_fields(node):
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, ast.AST):
                yield from _names_in(part)
            elif isinstance(part, str) and " " not in part:
                yield part


def _calls_a_function(kind: type[torch.nn.Module]) -> bool:
    if kind.__module__.startswith("torch."):
        return True
    files = [base.__module__ for base in kind.__mro__ if base.__module__ != "torch.nn.modules.module"]
    sources = list(map(_source_of, files))
    return any(word in source for source in sources for word in SEEN) or not any(sources)


@cache
def _source_of(file: str) -> str:
    try:
        return inspect.getsource(sys.modules[file])
    except (KeyError, OSError, TypeError):
        return ""
