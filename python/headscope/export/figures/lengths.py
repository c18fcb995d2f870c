"""The sizes of figures in pixels: numbers, or texts such as `8.5cm`, `3.3in`, `246pt` and `120mm`."""

from __future__ import annotations

import re
from numbers import Real
from typing import Any

PIXELS = {"px": 1.0, "in": 96.0, "pt": 96 / 72, "cm": 96 / 2.54, "mm": 96 / 25.4}
"""Pixels per unit, as in CSS."""

LENGTH = re.compile(rf"\s*(\d+(?:\.\d*)?|\.\d+)\s*({'|'.join(PIXELS)})\s*")

LARGEST = 20_000.0


def pixels(name: str, length: Any) -> float:
    """Return a length in pixels, of which 96 are an inch.

    Raises
    ------
    TypeError
        It is neither a number nor a text.
    ValueError
        It is not above 0, too large, or a text without a unit; the message lists the units.
    """
    if isinstance(length, str):
        found = LENGTH.fullmatch(length)
        if not found:
            units = ", ".join(f"'8{unit}'" for unit in PIXELS)
            raise ValueError(f"{name} is {length!r}; it can be a number of pixels, or a length with a unit: {units}")
        value = float(found[1]) * PIXELS[found[2]]
    elif isinstance(length, Real) and not isinstance(length, bool):
        value = float(length)
    else:
        raise TypeError(f"{name} takes a number of pixels or a text such as '8.5cm', not {type(length).__name__}")
    if not 0 < value <= LARGEST:
        raise ValueError(f"{name} is {length!r}; it can be from above 0 to {LARGEST:g} pixels, of which 96 are an inch")
    return value
