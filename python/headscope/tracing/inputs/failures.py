"""Errors of the model itself, in words: which arguments it was called with, and what it said about them."""

from __future__ import annotations

import dis
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch

OWN = "headscope"
"""The package whose errors say themselves what to do."""


@contextmanager
def reported(what: str, arguments: Mapping[str, Any]) -> Iterator[None]:
    """Turn an error that a library or the user's own code raises in this context into a ValueError with the arguments.

    Errors of this package pass through, and so does what ends a program: want of memory, an interrupt, an exit.

    Parameters
    ----------
    what
        What was called, such as the name of the model's class.
    arguments
        What it was called with, by name.

    Raises
    ------
    ValueError
        A library, the model, or a hook raised an error.
    """
    try:
        yield
    except (MemoryError, torch.OutOfMemoryError):
        raise
    except Exception as error:
        if _is_own(error):
            raise
        said = _message(error)
        raise ValueError(
            f"{what} failed with {type(error).__name__}: {said}. It was called with "
            f"{described(arguments)}: check that these fit the model and each other."
        ) from error


def described(arguments: Mapping[str, Any]) -> str:
    """Return arguments with their types and shapes, such as `input_ids int64 (1, 7)`."""
    return ", ".join(f"{name} {_kind(value)}" for name, value in arguments.items()) or "no arguments"


def _kind(value: Any) -> str:
    if isinstance(value, torch.Tensor):
        return f"{str(value.dtype).removeprefix('torch.')} {tuple(value.shape)}"
    return repr(value) if isinstance(value, (bool, int, float, str)) or value is None else type(value).__name__


def _message(error: Exception) -> str:
    try:
        return str(error).strip().rstrip(".") or "no message"
    except Exception:  # a class of the user's whose text fails itself
        return "a message that can't be read"


def _is_own(error: BaseException) -> bool:
    """Return whether this package raised an error: its Python code did, rather than compiled code that it calls.

    An error of compiled code, which has no frame, seems to come from its caller, whose last instruction raises nothing.
    """
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return False
    frame = trace.tb_frame
    of_this = str(frame.f_globals.get("__name__", "")).split(".")[0] == OWN
    return of_this and dis.opname[frame.f_code.co_code[trace.tb_lasti]].startswith("RAISE")
