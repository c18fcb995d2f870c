"""The kinds of values that options of the views have, and their checks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from numbers import Integral, Real
from typing import Any, get_args

MAX_FACTOR = 1000.0
"""The largest value of a factor."""

Check = Callable[[str, Any], Any]
"""Takes an option's name and a value; returns the value as its plain type, or raises ValueError with the name."""


def check_weight(name: str, value: Any) -> float:
    """Return the value as a float, or raise ValueError unless it is from 0 to less than 1."""
    if isinstance(value, bool) or not isinstance(value, Real) or not 0 <= float(value) < 1:
        raise ValueError(f"{name} is {value!r}; it takes a weight, from 0 to less than 1")
    return float(value)


def check_key_count(name: str, value: Any) -> int:
    """Return the value as an int, or raise ValueError unless it is a whole number of at least 1."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
        raise ValueError(f"{name} is {value!r}; it takes a whole number of keys, at least 1; None is for all of them")
    return int(value)


def check_factor(name: str, value: Any) -> float:
    """Return the value as a float, or raise ValueError unless it is above 0 and at most `MAX_FACTOR`."""
    if isinstance(value, bool) or not isinstance(value, Real) or not 0 < float(value) <= MAX_FACTOR:
        raise ValueError(f"{name} is {value!r}; it takes a number above 0, at most {MAX_FACTOR:g}, or None")
    return float(value)


def check_switch(name: str, value: Any) -> bool:
    """Return the value, or raise ValueError unless it is True or False."""
    if not _is_switch(value):
        raise ValueError(f"{name} is {value!r}; it can be True or False")
    return bool(value)


def _is_switch(value: Any) -> bool:
    try:
        return bool(value in (True, False))
    except (TypeError, ValueError, RuntimeError):  # arrays and tensors of several values
        return False


def check_text(name: str, value: Any) -> str:
    """Return the value, or raise ValueError unless it is a string."""
    if not isinstance(value, str):
        raise ValueError(f"{name} is {value!r}; it takes a text")
    return value


@dataclass(frozen=True)
class Kind:
    """The values that an option can have."""

    name: str
    """The name of the kind's check in `src/core/state/option-values.ts`."""
    value: Any
    """The type of the option's trait."""
    accepts: str
    """The values that users may pass, as a type annotation."""
    check: Check | None = None
    """Checks a value; None if that depends on the capture, as `headscope.data.check_options` does it then."""

    @property
    def choices(self) -> tuple[str, ...]:
        """The values of a `choice`; empty for other kinds."""
        return get_args(self.value) if self.name == "choice" else ()


def choice(literal: Any) -> Kind:
    """Return the kind of an option whose values are those of a `Literal`."""
    values = ", ".join(map(repr, get_args(literal)))

    def check(name: str, value: Any) -> str:
        if not isinstance(value, str) or value not in get_args(literal):
            near = get_close_matches(str(value), get_args(literal), n=1, cutoff=0.5)
            raise ValueError(
                f"{name} is {value!r}; it can be {values}" + (f": did you mean {near[0]!r}?" if near else "")
            )
        return str(value)

    return Kind("choice", literal, f"Literal[{values}]".replace("'", '"'), check)


SWITCH = Kind("switch", bool, "bool", check_switch)
TEXT = Kind("text", str, "str", check_text)
WEIGHT = Kind("weight", float, "float", check_weight)
KEY_COUNT = Kind("keyCount", int, "int", check_key_count)
FACTOR = Kind("factor", float, "float", check_factor)
POSITION = Kind("position", int, "int")
TOKEN = Kind("position", int, "int | str | tuple[str, int]")
POSITIONS = Kind("positions", list[int], 'Sequence[int] | Literal["all"]')
TOKENS = Kind("positions", list[int], "Iterable[int | str | tuple[str, int]]")
SEGMENTS = Kind("positions", list[int], "Iterable[int | str]")
