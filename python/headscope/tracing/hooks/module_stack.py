"""Follow the modules that run during a pass, to find the module of each attention call and modules without a record."""

from __future__ import annotations

import math
import threading
import weakref
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook

from headscope.tracing.hooks.joins import Joins
from headscope.tracing.hooks.modules import Modules, is_attention

SHORTEST = 2
"""The fewest attention modules that a part must hold to count as a tower that runs again for another text."""


@dataclass
class Frame:
    """A running module."""

    module: torch.nn.Module
    arguments: tuple[Any, ...]
    invocation: int
    """The number of its earlier calls in this pass."""
    reads_ids: bool = False
    """Whether an embedding inside of it has read token ids."""
    ids: Tensor | None = None
    """The ids that it read, shape (batch, positions)."""
    begun: dict[int, int] = field(default_factory=dict)
    """The number of earlier calls of modules inside of it, at their first call in this run."""


class Run(NamedTuple):
    """The module that runs anew for another text, and the number of its earlier calls."""

    name: str
    number: int


class Watch:
    """Follows one pass of a model in one thread.

    Parameters
    ----------
    modules
        The modules of the running model.
    given
        What the model is called with, by name; empty (default) if unknown.
    """

    def __init__(self, modules: Modules, given: Mapping[str, Any] | None = None) -> None:
        self._given = tuple((given or {}).values())
        self.modules = modules.named
        self.names = {id(module): name for name, module in self.modules.items()}
        self.stack: list[Frame] = []
        self.lengths: dict[tuple[int, int], set[int]] = {}
        """The numbers of positions of a module's output, by the module's id and the number of its call."""
        self.joins = Joins()
        """How the model puts its sequences together."""
        self.recorded: set[str] = set()
        """The names of the modules whose calls were recorded."""
        self._attending = modules.attending
        self._invocations: Counter[int] = Counter()
        self._last_output: dict[int, weakref.ref[Tensor]] = {}
        self._thread = threading.get_ident()
        self.in_other_threads: list[str] = []
        """The names of modules that ran in other threads meanwhile."""

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Follow the modules inside this context; remove the hooks at its end, after errors too."""
        with ExitStack() as undo:
            undo.callback(self.stack.clear)
            undo.callback(register_module_forward_pre_hook(self._enter).remove)
            undo.callback(register_module_forward_hook(self._leave, always_call=True).remove)
            yield

    def _is_mine(self, module: torch.nn.Module) -> bool:
        if id(module) not in self.names:
            return False
        if threading.get_ident() == self._thread:
            return True
        self.in_other_threads.append(self.names[id(module)])
        return False

    def _enter(self, module: torch.nn.Module, arguments: tuple[Any, ...]) -> None:
        if self._is_mine(module):
            if not self.stack and not arguments:  # hooks do not get what is passed by name
                arguments = self._given
            self.stack.append(Frame(module, arguments, self._invocations[id(module)]))
            self._invocations[id(module)] += 1
            if isinstance(module, torch.nn.Embedding):
                self._reads(arguments)

    def _reads(self, arguments: tuple[Any, ...]) -> None:
        """Mark the running modules as readers of ids, unless an attention module looks up its biases."""
        ids = arguments[0] if arguments and isinstance(arguments[0], Tensor) else None
        if ids is None or ids.dim() != 2 or any(is_attention(frame.module) for frame in self.stack):
            return
        for frame in self.stack:
            if not frame.reads_ids:  # the first embedding is that of the tokens; others read positions or types
                frame.reads_ids, frame.ids = True, ids

    def _leave(self, module: torch.nn.Module, _arguments: tuple[Any, ...], output: Any) -> None:
        if not self._is_mine(module):
            return
        frame = None
        while self.stack and (frame := self.stack.pop()).module is not module:
            pass  # modules that ended with an exception
        first = first_tensor(output)
        if first is not None and frame is not None and first.dim() >= 2:
            shape = first.shape
            self.lengths[id(module), frame.invocation] = {int(shape[-2]), math.prod(shape[1:-1])}
            self._last_output[id(module)] = weakref.ref(first)

    def invocation_of(self, module: torch.nn.Module) -> int:
        """Return the zero-based number of a module's running call."""
        return next((frame.invocation for frame in reversed(self.stack) if frame.module is module), 0)

    def turn_of(self, module: torch.nn.Module) -> int:
        """Return the number of a module's earlier calls in the same run of its layer.

        The layer is the innermost running module around it that is no part of attention.
        """
        place = next((at for at, frame in enumerate(self.stack) if frame.module is module), len(self.stack))
        around = (at for at in range(place - 1, -1, -1) if "Attention" not in type(self.stack[at].module).__name__)
        at = next(around, None)
        if at is None:
            return 0
        begun = self.stack[at].begun.setdefault(id(module), self.invocation_of(module))
        return self.invocation_of(module) - begun

    def running(self) -> torch.nn.Module | None:
        """Return the innermost running module; None outside of the model's modules."""
        return self.stack[-1].module if self.stack else None

    def run(self) -> Run | None:
        """Return the running part of the model that has run before for another text; None if none has.

        A part runs for another text if it reads ids again, or if it holds several attention modules and its input is
        not what it returned the last time, as in models that apply the same layers again and again.
        """
        for frame in self.stack[1:]:
            name = self.names[id(frame.module)]
            if frame.invocation and (frame.reads_ids or self._starts_anew(frame, name)):
                return Run(name, frame.invocation)
        return None

    def _starts_anew(self, frame: Frame, name: str) -> bool:
        # Of nested attention modules only the innermost counts.
        known = {*self._attending, *self.recorded}
        found = [other for other in known if other.startswith(f"{name}.")]
        inside = sum(not any(other.startswith(f"{one}.") for other in found) for one in found)
        given, last = first_tensor(frame.arguments), self._last_output.get(id(frame.module))
        output = None if last is None else last()  # a freed one's memory may hold the new input
        chained = given is not None and output is not None and given.data_ptr() == output.data_ptr()
        return inside >= SHORTEST and not chained

    def ids(self) -> Tensor | None:
        """Return the token ids that the innermost reader among the running modules has read; None for none."""
        return next((frame.ids for frame in reversed(self.stack) if frame.ids is not None), None)

    def ran(self) -> list[str]:
        """Return the names of the attention modules that have run."""
        return [name for id_ in self._invocations if is_attention(self.modules[name := self.names[id_]])]

    def silent(self, recorded: Collection[str]) -> list[str]:
        """Return the names of attention modules that ran without leaving a record.

        A module counts if neither itself nor any module inside or around it left a record; of nested modules only the
        innermost counts.
        """
        attending = self.ran()
        return [
            name
            for name in attending
            if not any(_related(name, other) for other in recorded)
            and not any(other.startswith(f"{name}.") for other in attending)
        ]


def first_tensor(values: Any) -> Tensor | None:
    """Return the first tensor of floating point in a module's arguments or result; None if there is none."""
    if isinstance(values, Tensor):
        return values if values.is_floating_point() else None
    parts = values.values() if isinstance(values, dict) else values if isinstance(values, (tuple, list)) else ()
    return next((part for part in parts if isinstance(part, Tensor) and part.is_floating_point()), None)


def _related(name: str, other: str) -> bool:
    """Return whether two modules are the same, or one contains the other."""
    return name == other or name.startswith(f"{other}.") or other.startswith(f"{name}.")
