"""Checked access to the fields of an untrusted description: each getter names the type it expects."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any


class BrokenFileError(ValueError):
    """A file is broken. The message does not name the file; the caller does."""


class Field:
    """A value of a JSON text, and its name in messages. Every getter raises BrokenFileError for another type.

    Parameters
    ----------
    value
        The value, from `json.loads`.
    what
        Its place in the text, such as `maps[0].label`.
    """

    def __init__(self, value: object, what: str) -> None:
        self._value, self.what = value, what

    def __getitem__(self, name: str) -> Field:
        """Return a required field of an object."""
        if not isinstance(self._value, dict):
            raise self.wrong("an object")
        if name not in self._value:
            raise BrokenFileError(f"{self.what} has no {name!r}")
        return Field(self._value[name], f"{self.what}.{name}")

    def has(self, name: str) -> bool:
        """Return whether this is an object with the field `name`."""
        return isinstance(self._value, dict) and name in self._value

    def __iter__(self) -> Iterator[Field]:
        """Yield the elements of a list."""
        if not isinstance(self._value, list):
            raise self.wrong("a list")
        for number, value in enumerate(self._value):
            yield Field(value, f"{self.what}[{number}]")

    def items(self) -> Iterator[tuple[str, Field]]:
        """Yield the names and fields of an object."""
        if not isinstance(self._value, dict):
            raise self.wrong("an object")
        for name, value in self._value.items():
            yield name, Field(value, f"{self.what}[{_short(name)}]")

    @property
    def there(self) -> bool:
        """Whether the value is not null."""
        return self._value is not None

    def text(self) -> str:
        """Return a string."""
        if not isinstance(self._value, str):
            raise self.wrong("a text")
        return self._value

    def one_of(self, known: Sequence[str]) -> str:
        """Return a string that is one of `known`."""
        text = self.text()
        if text not in known:
            raise self.wrong(f"one of {', '.join(map(repr, known))}")
        return text

    def integer(self, least: int, most: int) -> int:
        """Return a whole number from `least` to `most`, both included."""
        value = self._value
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise self.wrong(f"a whole number from {least} to {most}")
        return value

    def number(self) -> float:
        """Return a finite number."""
        value = self._value
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise self.wrong("a number")
        if not -1e300 < value < 1e300 or math.isnan(value):
            raise self.wrong("a finite number")
        return float(value)

    def flag(self) -> bool:
        """Return a boolean."""
        if not isinstance(self._value, bool):
            raise self.wrong("true or false")
        return self._value

    def wrong(self, wanted: str) -> BrokenFileError:
        """Return the error that names the value found and the one `wanted`."""
        return BrokenFileError(f"{self.what} is {_short(self._value)}, not {wanted}")


def _short(value: Any) -> str:
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    text = repr(value[:40]) if isinstance(value, str) else repr(value)
    return text if len(text) <= 50 else text[:45] + " ..."
