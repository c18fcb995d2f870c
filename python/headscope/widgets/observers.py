"""Observers of a selection: functions that are called after it has moved."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

SELECTION = ("map", "layer", "heads", "query", "key", "pair")
"""The fields of a selection in order of assignment; the map comes first, because the others are checked against it."""


@dataclass(frozen=True)
class SelectionChange:
    """One change of a selection."""

    name: str
    """`"map"`, `"layer"`, `"heads"`, `"query"`, `"key"` or `"pair"`."""
    old: Any
    """The old value; None means all heads, or no pinned token."""
    new: Any
    """The new value."""


def changes_between(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[SelectionChange]:
    """Return the changes from one place to another, each a dict with the fields of a selection."""
    pairs = ((name, before[name], after[name]) for name in SELECTION)
    return [SelectionChange(name, old, new) for name, old, new in pairs if old != new]


Handler: TypeAlias = "Callable[[SelectionChange], object]"


class Observers:
    """The functions that observe a selection, each with the fields that it observes."""

    def __init__(self) -> None:
        self._handlers: tuple[tuple[Handler, frozenset[str]], ...] = ()

    def add(self, handler: Handler, names: Iterable[str]) -> None:
        """Add a function for some fields; a known function observes these fields too."""
        known = next((known for each, known in self._handlers if each == handler), frozenset[str]())
        others = tuple(pair for pair in self._handlers if pair[0] != handler)
        self._handlers = (*others, (handler, known | frozenset(names)))

    def remove(self, handler: Handler, names: Iterable[str]) -> None:
        """Stop calling a function for these fields."""
        less = ((each, known - frozenset(names) if each == handler else known) for each, known in self._handlers)
        self._handlers = tuple((each, known) for each, known in less if known)

    def notify(self, changes: Iterable[SelectionChange]) -> None:
        """Call the observers of each change, then raise the first error, if any."""
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
