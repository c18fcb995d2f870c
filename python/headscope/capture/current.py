"""What this thread is capturing: attention functions are shared by all threads, records are not."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headscope.capture.recorder import Recorder


class _Current(threading.local):
    recorder: Recorder | None = None
    in_kernel = False


_current = _Current()


def recorder() -> Recorder | None:
    """Return the recorder of this thread; None where this thread captures nothing, or its kernel is running."""
    return None if _current.in_kernel else _current.recorder


@contextmanager
def recording(recorder: Recorder) -> Iterator[None]:
    """Let `recorder` take the attention calls of this thread."""
    _current.recorder = recorder
    try:
        yield
    finally:
        _current.recorder = None


@contextmanager
def in_kernel() -> Iterator[None]:
    """Take nothing meanwhile: the call is recorded already."""
    before, _current.in_kernel = _current.in_kernel, True
    try:
        yield
    finally:
        _current.in_kernel = before
