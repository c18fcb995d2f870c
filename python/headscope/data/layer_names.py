"""The model's own numbers of layers, read from the names of their modules."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

NUMBER = re.compile(r"\d+")


def name_layers(maps: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    """Return the model's own numbers of the layers of each map; empty for a map whose layers have the same numbers.

    The numbers of a name such as `"encoder.layers.1.blocks.0.attention"` are those of its parts that differ between
    modules of the same kind: here `"1.0"`, and `"1"` if every stage has a single block. Layers without a number keep
    the map's. A map in which two layers would have one name, as in models that apply a layer several times, keeps the
    map's numbers.

    Parameters
    ----------
    maps
        The names of the modules of each map's layers.
    """
    alike: dict[str, list[list[str]]] = defaultdict(list)
    for name in {name for modules in maps for name in modules}:
        kind, numbers = _parts(name)
        alike[kind].append(numbers)
    varying = {kind: [len(set(column)) > 1 for column in zip(*rows, strict=True)] for kind, rows in alike.items()}
    return [_distinct([_name(name, at, varying) for at, name in enumerate(modules)]) for modules in maps]


def _parts(name: str) -> tuple[str, list[str]]:
    """Return a name without its numbers, and the numbers."""
    parts = name.split(".")
    kind = ".".join("*" if NUMBER.fullmatch(part) else part for part in parts)
    return kind, [part for part in parts if NUMBER.fullmatch(part)]


def _name(name: str, at: int, varying: dict[str, list[bool]]) -> str:
    kind, numbers = _parts(name)
    chosen = [number for number, varies in zip(numbers, varying[kind], strict=True) if varies]
    return ".".join(chosen) or next(iter(numbers), str(at))


def _distinct(names: Sequence[str]) -> tuple[str, ...]:
    same = len(set(names)) < len(names) or all(name == str(at) for at, name in enumerate(names))
    return () if same else tuple(names)
