"""A progress bar for long work: tqdm's, in a terminal or a notebook."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

PATIENCE = 2.0
"""The seconds after which a bar appears by itself."""


class Progress:
    """The progress of a piece of work; a context manager that closes the bar.

    Parameters
    ----------
    what
        The label of the bar.
    total
        The number of steps.
    unit
        The name of a step.
    shown
        True shows the bar at once, False never. None (default) shows it when the work has taken PATIENCE seconds, and
        removes it at the end. Without tqdm, which transformers installs, there is no bar.
    """

    def __init__(self, what: str, total: int, unit: str, shown: bool | None = None) -> None:
        self._options: dict[str, Any] = {"desc": what, "unit": unit, "leave": bool(shown)}
        self._total = total
        self._shown = shown
        self._started = time.monotonic()
        self._done = 0
        self._bar: Any = None

    def __enter__(self) -> Progress:
        if self._shown:
            self._open()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.close()

    def step(self) -> None:
        """Count one more finished step."""
        self._done += 1
        if self._bar is not None:
            self._bar.update()
        elif self._shown is None and time.monotonic() - self._started >= PATIENCE and self._done < self._total:
            self._open()

    def _open(self) -> None:
        try:
            from tqdm.auto import tqdm  # type: ignore[import-untyped]
        except ImportError:
            self._shown = False
            return
        self._bar = tqdm(total=self._total, **self._options)
        self._bar.start_t -= time.monotonic() - self._started  # tqdm would count from now
        self._bar.last_print_t = self._bar.start_t
        self._bar.update(self._done)


@contextmanager
def stepping(progress: Progress, modules: Sequence[torch.nn.Module]) -> Iterator[None]:
    """Count a step each time one of the modules has run in this thread; remove the hooks at the end, on errors too."""
    thread = threading.get_ident()

    def count(*_: Any) -> None:
        if threading.get_ident() == thread:
            progress.step()

    with ExitStack() as undo:
        for module in modules:
            undo.callback(module.register_forward_hook(count).remove)
        yield
