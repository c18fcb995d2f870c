"""Reports about captures: what each map holds and how it was captured, and the attention that is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from math import isfinite
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headscope.data.attention_map import AttentionMap

TIERS = {
    1: "transformers' attention interface: queries and keys",
    2: "torch's fused kernel: queries and keys",
    3: "the model's own code, step by step: only weights",
}
"""How a map was captured, by tier; see `headscope.tracing.hooks.observing`."""

UNITS = ((1e9, "GB"), (1e6, "MB"))

HEADINGS = (
    "map",
    "queries x keys",
    "layers",
    "heads",
    "KV heads",
    "served by",
    "precision",
    "proved to",
    "modules",
)
"""The columns of the table; those without any entry are left out."""

OF_TEXT = ("map", "served by", "precision", "modules")
"""The columns of text, which a notebook aligns on the left."""


EVERY_MODULE = "Every attention module that ran is shown."
"""What a report says of a pass of which nothing is missing."""


@dataclass(frozen=True)
class MapReport:
    """How one attention map was captured."""

    name: str
    tier: int | None
    """1, 2 or 3, see `TIERS`, the highest of its layers; None for given weights."""
    num_layers: int
    num_heads: tuple[int, ...]
    """The distinct numbers of heads of the layers."""
    num_kv_heads: tuple[int, ...] = ()
    """The distinct numbers of KV heads; empty without keys."""
    precision: str = ""
    """The precision in which the model computed; weights are always computed in float32."""
    modules: tuple[str, ...] = ()
    """The name of each layer's attention module."""
    difference: float | None = None
    """How far replayed rows of `weights @ values` were from what the model computed, at most, as a share of the largest
    value; infinite where the model computed NaN, None for given weights."""

    layer_names: tuple[str, ...] = ()
    """The model's own numbers of the layers, such as `"1.0"`; empty where they are the map's, which count from 0."""
    function: str = ""
    """The name of the attention function that transformers' interface gave the model, such as `"sdpa"`; else empty."""
    num_queries: int = 0
    """The number of query positions; 0 if the capture does not have the map."""
    num_keys: int = 0
    """The number of key positions; 0 if the capture does not have the map."""

    def cells(self) -> tuple[str, ...]:
        """Return the map's row of the table, a cell for each heading."""
        first, last = (self.modules[0], self.modules[-1]) if self.modules else ("", "")
        return (
            self.name,
            f"{self.num_queries} x {self.num_keys}" if self.num_queries else "",
            self._layers(),
            _span(self.num_heads),
            _span(self.num_kv_heads),
            self._served(),
            self.precision,
            self._proved(),
            first if first == last else f"{first} to {last}",
        )

    def _layers(self) -> str:
        names = list(dict.fromkeys((*self.layer_names[:1], *self.layer_names[-1:])))
        return f"{self.num_layers} (the model's {' to '.join(names)})" if names else str(self.num_layers)

    def _proved(self) -> str:
        if self.difference is None:
            return ""
        return f"{self.difference:.0e}" if isfinite(self.difference) else "not proved"

    def _served(self) -> str:
        if self.tier is None:
            return "given queries and keys" if self.num_kv_heads else "given weights"
        if self.tier == 3 and self.num_kv_heads:
            return "queries and keys; of some layers, which the model computes step by step, only weights"
        by_steps = self.tier in (1, 2) and not self.num_kv_heads
        served, _, holds = TIERS[self.tier].partition(":")
        named = f" ({self.function})" if self.function else ""
        return f"{served}{named}:{' weights of the decoding steps' if by_steps else holds}"


@dataclass(frozen=True)
class Report:
    """The result of `capture.report()`: a table, and its parts as attributes."""

    model: str
    maps: tuple[MapReport, ...]
    missing: dict[str, str] = field(default_factory=dict)
    """The reasons why attention modules that ran left no record, by module name."""
    notes: tuple[str, ...] = ()
    generated: str = ""
    """A sentence with the number of generated tokens; empty if none were generated."""
    left_out: tuple[str, ...] = ()
    """Sentences that name the layers of which nothing was kept, because `layers=` left them out."""

    def _sentences(self) -> list[str]:
        missing = [f"Missing: {name}: {reason}" for name, reason in self.missing.items()]
        ran = any(part.tier is not None for part in self.maps)
        whole = [EVERY_MODULE] if ran and not missing and not self.left_out else []
        return [*filter(None, [self.generated]), *missing, *self.left_out, *whole, *self.notes]

    def _rows(self) -> list[tuple[str, ...]]:
        """Return the headings and the rows of the table, without columns that have no entry."""
        rows = [HEADINGS, *(part.cells() for part in self.maps)]
        return list(zip(*(column for column in zip(*rows, strict=True) if any(column[1:])), strict=True))

    def __repr__(self) -> str:
        rows = self._rows()
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
        return "\n".join([f"Capture of {self.model}", *lines, *self._sentences()])

    def _repr_html_(self) -> str:
        headings, *rows = self._rows()
        head = _row(headings, headings, "th")
        body = "".join(_row(cells, headings, "td") for cells in rows)
        text = "".join(f"<p>{escape(sentence)}</p>" for sentence in self._sentences())
        title = f"<caption>Capture of {escape(self.model)}</caption>"
        return f"<table>{title}<thead>{head}</thead><tbody>{body}</tbody></table>{text}"


def _row(cells: Sequence[str], headings: Sequence[str], tag: str) -> str:
    sides = ["left" if heading in OF_TEXT else "right" for heading in headings]
    parts = [
        f'<{tag} style="text-align: {side}">{escape(cell)}</{tag}>' for cell, side in zip(cells, sides, strict=True)
    ]
    return f"<tr>{''.join(parts)}</tr>"


def _span(numbers: Sequence[int]) -> str:
    return " to ".join(map(str, dict.fromkeys((min(numbers), max(numbers))))) if numbers else ""


def readable_size(nbytes: int) -> str:
    """Return a size as text in kB, MB or GB (powers of 1000)."""
    unit, name = next(((unit, name) for unit, name in UNITS if nbytes >= unit), (1e3, "kB"))
    return f"{nbytes / unit:.1f} {name}"


def report_of_weights(name: str, maps: Sequence[AttentionMap], notes: Sequence[str] = ()) -> Report:
    """Return the report of a capture whose weights were passed in."""
    return Report(
        name,
        tuple(
            MapReport(map_.name, None, map_.num_layers, tuple(sorted({record.num_heads for record in map_.records})))
            for map_ in maps
        ),
        notes=tuple(notes),
    )
