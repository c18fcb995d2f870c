"""Find out from a module's source code whether it rotates queries and keys by their positions."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from functools import cache
from typing import Any

import torch

WORDS = ("rotary", "rope")
"""Parts of the names of functions that rotate, such as `apply_rotary_pos_emb`. Source: transformers' model files."""

Guard = tuple[ast.expr, bool]
"""The condition of an `if`, and the outcome that leads to the call."""


def is_rotary(module: torch.nn.Module | None) -> bool:
    """Return whether a module is known to rotate queries and keys (Su et al. 2021, https://arxiv.org/abs/2104.09864).

    Its `forward` must call a function that rotates, either unconditionally or under conditions that depend only on the
    module's attributes, since some models rotate only in some layers. If that is unknown, the result is False.
    """
    if module is None:
        return False
    return any(all(_holds(guard, module) for guard in guards) for guards in _calls(type(module)))  # type: ignore[arg-type]  # classes can be hashed


@cache
def _calls(kind: type[torch.nn.Module]) -> tuple[tuple[Guard, ...], ...]:
    """Return the conditions of each rotating call in `forward`."""
    try:
        source = textwrap.dedent(inspect.getsource(inspect.unwrap(kind.forward)))
        return tuple(_guards(ast.parse(source), ()))
    except (OSError, TypeError, SyntaxError, AttributeError):  # a scripted class has no readable forward
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
    """Return the name of a plain function; empty for a method such as `self.rotary_emb`, which does not rotate."""
    return function.id if isinstance(function, ast.Name) else ""


def _holds(guard: Guard, module: torch.nn.Module) -> bool:
    """Return whether a condition has the required outcome; False if it depends on more than the module."""
    test, outcome = guard
    names = {node.id for node in ast.walk(test) if isinstance(node, ast.Name)}
    if names != {"self"} or any(isinstance(node, ast.Call) for node in ast.walk(test)):
        return False
    try:
        code = compile(ast.Expression(test), "forward", "eval")
        found: Any = eval(
            code, {"__builtins__": {}}, {"self": module}
        )  # an expression of the model's own code, without calls
        return bool(found) is outcome
    except Exception:
        return False
