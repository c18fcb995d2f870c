"""Errors that end where the user called: the user's line and the message, without the lines of Headscope in between."""

from __future__ import annotations

import inspect
import linecache
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

PACKAGE = str(Path(__file__).parent)

ITEMS = ("__getitem__", "__setitem__", "__delitem__")
"""The methods that brackets call."""

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


class Tracebacks:
    """Whether errors about what was passed show Headscope's own lines, `headscope.settings.full_tracebacks`."""

    full = False


def plain_errors(call: F) -> F:
    """Decorate a public function so that errors that Headscope raises on purpose start at its call.

    Errors of models, of libraries, and of Headscope's own that no line raises, keep all lines.
    """

    @wraps(call)
    def plain(*args: Any, **keywords: Any) -> Any:
        __tracebackhide__ = True  # IPython leaves out this line, too
        try:
            return call(*args, **keywords)
        except Exception as error:
            if Tracebacks.full or not is_on_purpose(error):
                raise
            error.__suppress_context__ = True
            raise error.with_traceback(None)  # noqa: B904  # the same error, which keeps its cause

    return plain  # type: ignore[return-value]  # it has the same signature


def with_plain_errors(cls: type[T]) -> type[T]:
    """Decorate a class so that errors of its public methods, properties and assignments start at the user's line."""
    for name, member in list(vars(cls).items()):
        if name.startswith("_") and name not in ITEMS:
            continue
        if isinstance(member, property):
            read = member.fget and plain_errors(member.fget)
            write = member.fset and plain_errors(member.fset)
            setattr(cls, name, property(read, write, doc=member.__doc__))
        elif inspect.isfunction(member):
            setattr(cls, name, plain_errors(member))
    return cls


def is_on_purpose(error: BaseException) -> bool:
    """Return whether a `raise` in Headscope's code made the error."""
    last = _last(error.__traceback__)
    if last is None:
        return False
    code = last.tb_frame.f_code
    line = linecache.getline(code.co_filename, last.tb_lineno)
    return code.co_filename.startswith(PACKAGE) and line.lstrip().startswith("raise")


def _last(traceback: TracebackType | None) -> TracebackType | None:
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    return traceback
