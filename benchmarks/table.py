"""Write measurements as Markdown: medians with their ranges."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median


def spread(values: Sequence[float], unit: str) -> str:
    """Write the median, and the range if there are several values: `41 ms (38-45)`."""
    if not values:
        return "-"
    if unit == "ms" and median(values) >= 1000:
        return spread([value / 1000 for value in values], "s")
    middle, least, most = (short(value) for value in (median(values), min(values), max(values)))
    return f"{middle} {unit}" if least == most else f"{middle} {unit} ({least}-{most})"


def size(count: float) -> str:
    """Write a number of bytes in kB or MB."""
    return f"{short(count / 1e3)} kB" if count < 1e6 else f"{short(count / 1e6)} MB"


def times(theirs: float | None, ours: float | None) -> str:
    """Write how many times smaller ours is than theirs: `24x`."""
    return "-" if theirs is None or not ours else f"{short(theirs / ours)}x"


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Lay out a table, its columns padded to one width."""
    table = [list(head), *(list(row) for row in rows)]
    widths = [max(len(row[column]) for row in table) for column in range(len(head))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in table
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def short(value: float) -> str:
    """Write three significant digits, never an exponent."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
