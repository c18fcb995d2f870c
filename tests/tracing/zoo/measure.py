"""The rows of the table of models: differences between capture and eager attention for each kind of input."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch

import headscope as hs
from zoo.compare import LENGTHS, differences, padded
from zoo.models import Animal, build, inputs_of


class Row(NamedTuple):
    """The cells of one model, as text."""

    model: str
    tier: str
    maps: str
    plain: str
    batched: str
    padded: str
    bf16: str
    missing: str


def measured(animal: Animal) -> Row:
    """Run one model with each kind of input, and compare it with its own eager attention."""
    model = build(animal)
    plain = differences(model, animal, inputs_of(animal))
    batched = differences(model, animal, inputs_of(animal, batch=3), row=1)
    sides = []
    if animal.reads in ("text", "pair"):
        batch = inputs_of(animal, batch=len(LENGTHS))
        sides = [differences(model, animal, padded(batch, side)) for side in ("left", "right")]
    return Row(
        f"`{animal.kind}`",
        str(animal.tier),
        ", ".join(animal.maps),
        _worst(plain),
        _worst(batched),
        _worst(*sides) if sides else "",
        _worst(_low(animal)),
        ", ".join(f"`{name}`" for name in hs.capture(model, inputs=inputs_of(animal)).report().missing),
    )


def _low(animal: Animal) -> dict[str, float]:
    inputs = inputs_of(animal)
    inputs = {name: value.bfloat16() if value.is_floating_point() else value for name, value in inputs.items()}
    return differences(build(animal, torch.bfloat16), animal, inputs)


def _worst(*found: dict[str, float]) -> str:
    return f"{max(value for maps in found for value in maps.values()):.1e}"


def cells_of(table: str) -> dict[str, Row]:
    """Parse the rows of the first table of a document, by model."""
    first = table.partition("\n## ")[0].splitlines()
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in first if line.startswith("| `")]
    return {cells[0].strip("`"): Row(*cells) for cells in lines}


def same_class(written: str, now: str, precise: bool) -> bool:
    """Return whether two differences are of the same magnitude; rounding depends on the processor.

    Parameters
    ----------
    written, now
        The texts of two cells; empty if nothing was measured.
    precise
        Whether they are from float32, where the roundings of a layer add up to some 1e-6; bfloat16 rounds at 1e-2.
    """
    if not written or not now:
        return written == now
    before, after, rounding = float(written), float(now), 5e-6 if precise else 5e-3
    return abs(before - after) <= rounding or max(before, after) <= 3 * min(before, after)


def table_of(rows: list[Any]) -> str:
    """Return rows as a Markdown table."""
    head = "| model | tier | maps | plain | batched | padded | bf16 | missing |\n|---|---|---|---|---|---|---|---|\n"
    return head + "".join(f"| {' | '.join(row)} |\n" for row in rows)
