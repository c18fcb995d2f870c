"""Watches which modules run during a pass: where an attention call comes from, and which attention left nothing."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook

from headscope.capture.modules import Modules, is_attention

FAST = (torch.nn.TransformerEncoderLayer, torch.nn.MultiheadAttention)
"""Modules that leave their fast path where hooks are on them; hooks for all modules do not count as theirs."""


@dataclass(frozen=True)
class Frame:
    """One module that is running."""

    module: torch.nn.Module
    arguments: tuple[Any, ...]
    invocation: int
    """How often it ran before in this pass."""


@dataclass(frozen=True)
class Returned:
    """A tensor of four axes that an attention module returned: its weights, if it is what it looks like."""

    module: str
    """The name of the innermost module that returned it."""
    weights: Tensor
    running: tuple[Frame, ...]
    """The modules around it that cut images to windows."""


class Watch:
    """Follows one pass of a model in one thread.

    Parameters
    ----------
    modules
        Those of the model that runs.
    towers
        The names of its towers.
    keep_weights
        Whether to hold the tensors of four axes that attention modules return.
    everything
        Whether to follow all modules; else those that attend, cut images to windows, or are towers, which takes a
        fifth of the time.
    """

    def __init__(
        self, modules: Modules, towers: Collection[str] = (), keep_weights: bool = False, everything: bool = False
    ) -> None:
        self.modules = modules.named
        self.names = {id(module): name for name, module in self.modules.items()}
        self._everything = everything or any(isinstance(module, FAST) for module in modules.attending.values())
        self._followed = [
            module
            for name, module in self.modules.items()
            if name in modules.attending or name in towers or "window_size" in vars(module)
        ]
        self.stack: list[Frame] = []
        self.returned: list[Returned] = []
        self._invocations: Counter[int] = Counter()
        self._keep_weights = keep_weights
        self._thread = threading.get_ident()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Listen to modules until the end, and let go of them on any outcome."""
        with ExitStack() as undo:
            undo.callback(self.stack.clear)
            if self._everything:
                undo.callback(register_module_forward_pre_hook(self._enter).remove)
                undo.callback(register_module_forward_hook(self._leave, always_call=True).remove)
            for module in () if self._everything else self._followed:
                undo.callback(module.register_forward_pre_hook(self._enter).remove)
                undo.callback(module.register_forward_hook(self._leave, always_call=True).remove)
            yield

    def _is_mine(self, module: torch.nn.Module) -> bool:
        return threading.get_ident() == self._thread and id(module) in self.names

    def _enter(self, module: torch.nn.Module, arguments: tuple[Any, ...]) -> None:
        if self._is_mine(module):
            self.stack.append(Frame(module, arguments, self._invocations[id(module)]))
            self._invocations[id(module)] += 1

    def _leave(self, module: torch.nn.Module, _arguments: tuple[Any, ...], output: Any) -> None:
        if not self._is_mine(module):
            return
        while self.stack and self.stack.pop().module is not module:
            pass  # modules that an exception ended
        if self._keep_weights and isinstance(output, tuple) and is_attention(module):
            self._keep(
                self.names[id(module)], [part for part in output if isinstance(part, Tensor) and part.dim() == 4]
            )

    def _keep(self, name: str, tensors: list[Tensor]) -> None:
        known = {id(returned.weights) for returned in self.returned}
        cutting = tuple(frame for frame in self.stack if hasattr(frame.module, "window_size"))
        self.returned += [Returned(name, tensor, cutting) for tensor in tensors if id(tensor) not in known]

    def invocation_of(self, module: torch.nn.Module) -> int:
        """Return which call of a module is running, counted from zero."""
        return next((frame.invocation for frame in reversed(self.stack) if frame.module is module), 0)

    def attention(self) -> torch.nn.Module | None:
        """Return the innermost running attention module, else the innermost module."""
        running = [frame.module for frame in reversed(self.stack)]
        return next((module for module in running if is_attention(module)), running[0] if running else None)

    def silent(self, recorded: Collection[str]) -> list[str]:
        """Return the names of attention modules that ran, but of which nothing was recorded.

        A module counts where neither it nor any module inside or around it left a record; of several inside each other,
        the innermost.
        """
        ran = [self.names[id_] for id_ in self._invocations]
        attending = [name for name in ran if is_attention(self.modules[name])]
        return [
            name
            for name in attending
            if not any(_related(name, other) for other in recorded)
            and not any(other.startswith(f"{name}.") for other in attending)
        ]


def _related(name: str, other: str) -> bool:
    """Whether one of two modules is the other, or inside it."""
    return name == other or name.startswith(f"{other}.") or other.startswith(f"{name}.")
