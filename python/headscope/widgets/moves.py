"""Who wants to know when a selection moves."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

SELECTION = ("map", "layer", "heads", "query", "key", "pair")
"""What a selection is made of, in the order in which it is assigned: the others are checked against the map."""


@dataclass(frozen=True)
class SelectionChange:
    """One change of a selection."""

    name: str
    """`"map"`, `"layer"`, `"heads"`, `"query"`, `"key"` or `"pair"`."""
    old: Any
    """What it was; of heads, None stands for all."""
    new: Any
    """What it is."""


Handler: TypeAlias = "Callable[[SelectionChange], object]"


class Observers:
    """Functions to call, and for which names."""

    def __init__(self) -> None:
        self._handlers: tuple[tuple[Handler, frozenset[str]], ...] = ()

    def add(self, handler: Handler, names: Iterable[str]) -> None:
        """Call a function from now on; one that is called already is called for these names too."""
        known = next((known for each, known in self._handlers if each == handler), frozenset[str]())
        others = tuple(pair for pair in self._handlers if pair[0] != handler)
        self._handlers = (*others, (handler, known | frozenset(names)))

    def remove(self, handler: Handler, names: Iterable[str]) -> None:
        """Call a function for these names no more."""
        less = ((each, known - frozenset(names) if each == handler else known) for each, known in self._handlers)
        self._handlers = tuple((each, known) for each, known in less if known)

    def tell(self, changes: Iterable[SelectionChange]) -> None:
        """Call everyone concerned. The first error is raised once all have been called."""
        errors = []
        for change in changes:
            for handler, names in self._handlers:
                if change.name in names:
                    try:
                        handler(change)
                    except Exception as error:
                        errors.append(error)
        if errors:
            raise errors[0]
