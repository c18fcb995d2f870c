"""Whether an attention module rotates its queries and keys by their positions: read from its own code."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from functools import cache
from typing import Any

import torch

WORDS = ("rotary", "rope")
"""What the functions are called that rotate, as in `apply_rotary_pos_emb`. Source: transformers' model files."""

Guard = tuple[ast.expr, bool]
"""A condition of an `if`, and which of its outcomes leads on."""


def is_rotary(module: torch.nn.Module | None) -> bool:
    """Return whether a module is known to rotate queries and keys (Su et al. 2021, https://arxiv.org/abs/2104.09864).

    Its `forward` must call a function that rotates, under no condition but such as its own attributes decide: some
    models rotate in some of their layers. False also where that can't be told.
    """
    if module is None:
        return False
    return any(all(_holds(guard, module) for guard in guards) for guards in _calls(type(module)))  # type: ignore[arg-type]  # classes can be hashed


@cache
def _calls(kind: type[torch.nn.Module]) -> tuple[tuple[Guard, ...], ...]:
    """Return the conditions of each call in `forward` that rotates."""
    try:
        source = textwrap.dedent(inspect.getsource(inspect.unwrap(kind.forward)))
        return tuple(_guards(ast.parse(source), ()))
    except (OSError, TypeError, SyntaxError):
        return ()


def _guards(node: ast.AST, around: tuple[Guard, ...]) -> Iterator[tuple[Guard, ...]]:
    if isinstance(node, ast.Call) and any(word in _name(node.func) for word in WORDS):
        yield around
    if isinstance(node, ast.If):
        for outcome, body in ((True, node.body), (False, node.orelse)):
            for statement in body:
                yield from _guards(statement, (*around, (node.test, outcome)))
    else:
        for child in ast.iter_child_nodes(node):
            yield from _guards(child, around)


def _name(function: ast.expr) -> str:
    """Return the name of a function that is called with queries and keys; of a method, `self.rotary_emb`, none."""
    return function.id if isinstance(function, ast.Name) else ""


def _holds(guard: Guard, module: torch.nn.Module) -> bool:
    """Return whether a condition has the outcome that is wanted; False where it is about more than the module."""
    test, outcome = guard
    names = {node.id for node in ast.walk(test) if isinstance(node, ast.Name)}
    if names != {"self"} or any(isinstance(node, ast.Call) for node in ast.walk(test)):
        return False
    try:
        code = compile(ast.Expression(test), "forward", "eval")
        found: Any = eval(code, {"__builtins__": {}}, {"self": module})  # the model's own words, and no call among them
        return bool(found) is outcome
    except Exception:
        return False
