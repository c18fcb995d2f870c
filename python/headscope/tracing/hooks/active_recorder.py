"""The recorder of the current thread. All threads share the attention functions, but each has its own recorder."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from torch import Tensor, overrides
from torch.utils import _python_dispatch

if TYPE_CHECKING:
    import torch

    from headscope.tracing.hooks.batch_layout import BatchLayout
    from headscope.tracing.hooks.calls import AttentionCall
    from headscope.tracing.hooks.module_stack import Watch
    from headscope.tracing.hooks.origins import Origins


class Observer(Protocol):
    """What observed calls are told to; see `headscope.tracing.hooks.recorder`."""

    @property
    def watch(self) -> Watch:
        """The running modules."""

    @property
    def layout(self) -> BatchLayout:
        """The axis of the model's input that counts texts."""

    @property
    def origins(self) -> Origins:
        """Which argument of the model the positions of a tensor are those of."""

    def take(self, seen: AttentionCall) -> None:
        """Record one call."""

    def take_outer(self, seen: AttentionCall, inside: list[AttentionCall]) -> None:
        """Record a call of a user's function, or else the calls that were seen inside of it."""

    def refuse(self, module: torch.nn.Module, reason: str) -> None:
        """Show nothing of a module."""

    def doubt(self, module: torch.nn.Module, reason: str, certain: bool) -> None:
        """Remember why one of a module's calls is not shown, in case that no other is."""


class Held:
    """Holds the calls inside of a function, until it is known whether the function's own call can be shown."""

    def __init__(self, recorder: Observer) -> None:
        self.watch = recorder.watch
        self.layout = recorder.layout
        self.origins = recorder.origins
        self.calls: list[AttentionCall] = []

    def take(self, seen: AttentionCall) -> None:
        """Hold one call; the function may write into its weights or values before it returns."""
        names = ("query", "key", "value", "weights", "output")
        own: dict[str, Any] = {name: part.clone() for name in names if isinstance(part := getattr(seen, name), Tensor)}
        self.calls.append(replace(seen, **own))

    def take_outer(self, seen: AttentionCall, inside: list[AttentionCall]) -> None:
        """Hold the innermost calls of functions inside of each other."""
        self.calls += inside or [seen]

    def refuse(self, module: torch.nn.Module, reason: str) -> None:
        """Leave it to the function's own call to give a reason."""

    def doubt(self, module: torch.nn.Module, reason: str, certain: bool) -> None:
        """Leave it to the function's own call to give a reason."""


class _Current(threading.local):
    recorder: Observer | None = None
    in_kernel = False


_current = _Current()


def recorder() -> Observer | None:
    """Return the recorder of this thread; None if the thread captures nothing or is inside the kernel."""
    return None if _current.in_kernel else _current.recorder


@contextmanager
def recording(recorder: Observer) -> Iterator[None]:
    """Record the attention calls of this thread with `recorder` inside this context."""
    _current.recorder = recorder
    try:
        yield
    finally:
        _current.recorder = None


@contextmanager
def holding() -> Iterator[list[AttentionCall]]:
    """Hold the calls of this thread inside this context, and yield them in a list."""
    before = _current.recorder
    assert before is not None  # only calls of a capture are held
    held = Held(before)
    _current.recorder = held
    try:
        yield held.calls
    finally:
        _current.recorder = before


@contextmanager
def in_kernel() -> Iterator[None]:
    """Record nothing inside this context, because the surrounding call is recorded already."""
    before, _current.in_kernel = _current.in_kernel, True
    try:
        yield
    finally:
        _current.in_kernel = before


@contextmanager
def unseen() -> Iterator[None]:
    """Run what is inside without the modes of this capture: the package's own computations are no part of the model."""
    with ExitStack() as undo:
        undo.enter_context(in_kernel())
        if _is_own(overrides._get_current_function_mode()):  # type: ignore[no-untyped-call]  # torch's own
            undo.enter_context(overrides._pop_mode_temporarily())
        if _is_own(_python_dispatch._get_current_dispatch_mode()):
            undo.enter_context(_python_dispatch._pop_mode_temporarily())
        yield


def _is_own(mode: object) -> bool:
    return type(mode).__module__.startswith("headscope.")
