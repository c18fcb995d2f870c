"""Errors of the model itself, in words: which arguments it was called with, and what it said about them."""

from __future__ import annotations

import dis
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch

LIBRARIES = ("torch", "transformers", "tokenizers", "numpy", "jinja2")


@contextmanager
def reported(what: str, arguments: Mapping[str, Any]) -> Iterator[None]:
    """Turn an error that a library raises inside this context into a ValueError that names the arguments.

    Errors of the user's own code, such as hooks, and of this package pass through.

    Parameters
    ----------
    what
        What was called, such as the name of the model's class.
    arguments
        What it was called with, by name.

    Raises
    ------
    ValueError
        A library raised an error.
    """
    try:
        yield
    except (MemoryError, torch.OutOfMemoryError):
        raise
    except Exception as error:
        if not _is_of_library(error):
            raise
        said = str(error).strip().rstrip(".") or "no message"
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


def _is_of_library(error: BaseException) -> bool:
    """Return whether a library raised an error: its Python code did, or its compiled code, which has no frame.

    An error of compiled code seems to come from the code that calls it, whose last instruction then raises nothing.
    """
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return False
    frame = trace.tb_frame
    if str(frame.f_globals.get("__name__", "")).split(".")[0] in LIBRARIES:
        return True
    return not dis.opname[frame.f_code.co_code[trace.tb_lasti]].startswith("RAISE")
