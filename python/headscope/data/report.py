"""Reports about captures: the tier of each map, and the attention that is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

TIERS = {
    1: "attention interface: queries and keys",
    2: "fused kernel: queries and keys",
    3: "computed step by step: only weights",
}
"""How a map was captured, by tier; see `headscope.tracing.hooks.observing`."""

UNITS = ((1e9, "GB"), (1e6, "MB"))

HEADINGS = ("map", "tier", "served by", "layers", "heads", "KV heads", "precision", "proved to", "modules")


@dataclass(frozen=True)
class MapReport:
    """How one attention map was captured."""

    name: str
    tier: int | None
    """1, 2 or 3, see `TIERS`; None for given weights."""
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
    value; None for given weights."""

    layer_names: tuple[str, ...] = ()
    """The model's own numbers of the layers, such as `"1.0"`; empty where they are the map's, which count from 0."""

    def cells(self) -> tuple[str, ...]:
        """Return the map's row of the table."""
        first, last = (self.modules[0], self.modules[-1]) if self.modules else ("", "")
        return (
            self.name,
            "" if self.tier is None else str(self.tier),
            self._served(),
            self._layers(),
            _span(self.num_heads),
            _span(self.num_kv_heads),
            self.precision,
            "" if self.difference is None else f"{self.difference:.0e}",
            first if first == last else f"{first} to {last}",
        )

    def _layers(self) -> str:
        names = list(dict.fromkeys((*self.layer_names[:1], *self.layer_names[-1:])))
        return f"{self.num_layers} (the model's {' to '.join(names)})" if names else str(self.num_layers)

    def _served(self) -> str:
        if self.tier is None:
            return "given queries and keys" if self.num_kv_heads else "given weights"
        by_steps = self.tier in (1, 2) and not self.num_kv_heads
        return TIERS[self.tier].partition(":")[0] + ": weights of the decoding steps" if by_steps else TIERS[self.tier]


@dataclass(frozen=True)
class Report:
    """The result of `capture.report()`: a table, and its parts as attributes."""

    model: str
    maps: tuple[MapReport, ...]
    missing: dict[str, str] = field(default_factory=dict)
    """The reasons why attention modules that ran left no record, by module name."""
    notes: tuple[str, ...] = ()

    def _sentences(self) -> list[str]:
        missing = [f"Missing: {name}: {reason}" for name, reason in self.missing.items()]
        return [*missing, *self.notes] if missing else ["Nothing is missing.", *self.notes]

    def __repr__(self) -> str:
        rows = [HEADINGS, *(part.cells() for part in self.maps)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
        return "\n".join([f"Capture of {self.model}", *lines, *self._sentences()])

    def _repr_html_(self) -> str:
        head = _row(HEADINGS, "th")
        body = "".join(_row(part.cells(), "td") for part in self.maps)
        text = "".join(f"<p>{escape(sentence)}</p>" for sentence in self._sentences())
        title = f"<caption>Capture of {escape(self.model)}</caption>"
        return f"<table>{title}<thead>{head}</thead><tbody>{body}</tbody></table>{text}"


def _row(cells: Sequence[str], tag: str) -> str:
    return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"


def _span(numbers: Sequence[int]) -> str:
    distinct = sorted(set(numbers))
    return "" if not distinct else str(distinct[0]) if len(distinct) == 1 else f"{distinct[0]} to {distinct[-1]}"


def readable_size(nbytes: int) -> str:
    """Return a size as text in kB, MB or GB (powers of 1000)."""
    unit, name = next(((unit, name) for unit, name in UNITS if nbytes >= unit), (1e3, "kB"))
    return f"{nbytes / unit:.1f} {name}"
