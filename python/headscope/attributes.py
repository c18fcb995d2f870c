"""Objects whose attributes explain themselves: setting a misspelt one raises an error with the right one."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from headscope.plain_errors import plain_errors


class KnownAttributes:
    """Refuses to set an attribute that its class does not have, unless the name begins with an underscore."""

    @plain_errors
    def __setattr__(self, name: str, value: Any) -> None:
        if not name.startswith("_"):
            self._check_attribute(name)
        super().__setattr__(name, value)

    def _check_attribute(self, name: str) -> None:
        """Raise AttributeError if there is no such attribute to set."""
        if not hasattr(type(self), name):
            raise AttributeError(f"{self._kind()} has no attribute {name!r}{advice(name, self._settable())}")

    def _kind(self) -> str:
        """Return what messages call the object."""
        return f"{type(self).__name__} object"

    def _settable(self) -> list[str]:
        """Return the attributes that can be set."""
        members = ((name, getattr(type(self), name)) for name in dir(type(self)) if name[0] != "_")
        return [name for name, member in members if isinstance(member, property) and member.fset is not None]


def advice(name: str, known: Iterable[str]) -> str:
    """Return the end of a message about an unknown name: the most similar known one, or all of them."""
    names = list(known)
    near = get_close_matches(name, names, n=1, cutoff=0.6)
    return f": did you mean {near[0]!r}?" if near else f": it has {', '.join(names)}."
