"""Write the measurements of long inputs as Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from math import log
from statistics import median
from typing import Any

from table import markdown, short, size, spread

Row = dict[str, Any]
"""A measured step with its capture and view, or the memory of page and kernel, or a profile."""

STEPS = [
    ("layer switch", "cold"),
    ("layer switch", "warm"),
    ("layer switch, one head", "cold"),
    ("head switch", "cold"),
    ("head switch", "warm"),
    ("pan", "cold"),
    ("pan", "warm"),
    ("zoom", "cold"),
    ("zoom", "warm"),
]
SHAPE = ("view", "tokens", "layers", "heads")

NOTE = """\
Milliseconds from the event in the page until the view reports that it is ready (`data-state`, `data-layer`) and the
frame that shows the result is painted. A frame takes 16.7 ms, so nothing can appear sooner. Median (least-greatest).
**First picture**: from running the cell that shows the view until a picture is painted, however coarse. **First
screen**: until everything on screen has arrived. **Beyond**: until the margins also gather the tokens out of sight.
**Cold**: neither page nor kernel know that layer, head or part; **warm**: the page has shown it before. Layers are
switched and tokens moved with the heads with which the view opens; heads are switched with a single one shown.
**Pan**: PageDown on the minimap; in the matrix view, zoomed in to a twenty-fifth, four times that far by one turn of
the wheel. **Zoom**: by half as much again. **Bytes**: what came over the websocket, uncompressed; the first screen
includes the code of the widgets. Views come one after another in one page, each on layers that no other has shown.
"Heap": live JavaScript objects, including JupyterLab's own; "arrays": what lies outside the heap, such as typed
arrays. "Kernel": resident memory, including torch and the model."""


def views_text(rows: Sequence[Row]) -> str:
    """Lay out the times of each view at each length, and their growth."""
    made = "made-up queries and keys" if rows[0]["made"] else "SmolLM2-135M over Python's own sources"
    shape = f"{rows[0]['layers']} layers x {rows[0]['heads']} heads"
    parts = [f"## Long inputs in JupyterLab: {made}, {shape}", _times(rows), _weights(rows)]
    if len({row["tokens"] for row in rows}) > 1:
        slopes = "Growth: the slope between neighbours in a log-log plot; 1 is linear, 2 the square of the tokens."
        parts += [slopes, _slopes(rows)]
    return "\n\n".join([*parts, NOTE])


def growth_text(rows: Sequence[Row]) -> str:
    """Lay out the time of a step with more layers and heads."""
    tokens = rows[0]["tokens"]
    title = f"## Steps do not grow with layers and heads ({tokens:,} tokens, one head shown)"
    return "\n\n".join([title, _times(rows), NOTE])


def profile_text(rows: Sequence[Row]) -> str:
    """Lay out the functions with the most time of their own in a cold switch."""
    parts = [f"## What a cold switch of the layer spends its time on ({rows[0]['tokens']:,} tokens)"]
    head = ["view", "where", "function", "own time a switch", "with what it calls"]
    parts.append(markdown(head, [line for row in rows for where in ("kernel", "page") for line in _costly(row, where)]))
    return "\n\n".join(parts)


def _costly(row: Row, where: str) -> Iterable[list[str]]:
    rounds = row["profile"]["rounds"]
    for one in row["profile"][where][:5]:
        called = f"{short(one['all'] / rounds)} ms" if "all" in one else "-"
        yield [row["view"], where, f"`{one['name']}`", f"{short(one['own'] / rounds)} ms", called]


def _times(rows: Sequence[Row]) -> str:
    used = [step for step in STEPS if any(_is_step(row, step) for row in rows)]
    head = ["view", "tokens", "layers x heads", "heads shown", "first picture", "first screen", "beyond"]
    lines = []
    for place, own in _by_place(rows):
        opened = [row for row in own if row.get("what") == "first screen"]
        first = [spread([row[name] for row in opened], "ms") for name in ("first", "ready", "whole")]
        steps = [spread([row["ready"] for row in own if _is_step(row, step)], "ms") for step in used]
        lines.append([place[0], f"{place[1]:,}", f"{place[2]} x {place[3]}", f"{opened[0]['on']}", *first, *steps])
    return markdown([*head, *(f"{what}: {state}" for what, state in used)], lines)


def _weights(rows: Sequence[Row]) -> str:
    head = [
        "view",
        "tokens",
        "bytes: first screen",
        "cold layer",
        "cold head",
        "cold pan",
        "JS heap",
        "arrays",
        "kernel",
    ]
    lines = []
    for place, own in _by_place(rows):
        opened = median(row["bytes"] for row in own if row.get("what") == "first screen")
        steps = [_bytes(own, what) for what in ("layer switch", "head switch", "pan")]
        held = [row["memory"] for row in own if "memory" in row]
        memory = [
            f"{short(median(one[name] for one in held))} MB" if held else "-" for name in ("heap", "arrays", "kernel")
        ]
        lines.append([place[0], f"{place[1]:,}", size(opened), *steps, *memory])
    return markdown(head, lines)


def _bytes(rows: Sequence[Row], what: str) -> str:
    found = [row["bytes"] for row in rows if _is_step(row, (what, "cold"))]
    return size(median(found)) if found else "-"


def _slopes(rows: Sequence[Row]) -> str:
    figures: list[tuple[str, Callable[[Row], bool], str]] = [
        ("first picture", lambda row: row.get("what") == "first screen", "first"),
        ("first screen", lambda row: row.get("what") == "first screen", "ready"),
    ]
    figures += [(", ".join(step), lambda row, step=step: _is_step(row, step), "ready") for step in STEPS]  # type: ignore[misc]
    lengths = sorted({row["tokens"] for row in rows})
    pairs = list(pairwise(lengths))
    lines = []
    for view in dict.fromkeys(row["view"] for row in rows):
        for name, which, column in figures:
            at = {
                n: [row[column] for row in rows if (row["view"], row["tokens"]) == (view, n) and which(row)]
                for n in lengths
            }
            if any(at.values()):
                lines.append([view, name, *(_slope(at, pair) for pair in pairs)])
    return markdown(["view", "figure", *(f"{a:,} to {b:,}" for a, b in pairs)], lines)


def _slope(at: dict[int, list[float]], pair: tuple[int, int]) -> str:
    one, other = (at[n] for n in pair)
    return f"{log(median(other) / median(one)) / log(pair[1] / pair[0]):.2f}" if one and other else "-"


def _by_place(rows: Sequence[Row]) -> Iterable[tuple[tuple[Any, ...], list[Row]]]:
    places = dict.fromkeys(tuple(row[name] for name in SHAPE) for row in rows)
    for place in sorted(places, key=lambda one: (str(one[0]), *one[1:])):
        yield place, [row for row in rows if tuple(row[name] for name in SHAPE) == place]


def _is_step(row: Row, step: tuple[str, str]) -> bool:
    return (row.get("what"), row.get("state")) == step
