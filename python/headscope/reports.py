"""What a capture says about itself: which map came by which way, and what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

TIERS = {
    1: "attention interface: queries and keys",
    2: "intercepted kernel: queries and keys",
    3: "eager attention: weights alone",
}
"""How a map was had, by its tier; see `headscope.capture.tiers`."""

HEADINGS = ("map", "tier", "served by", "layers", "heads", "KV heads", "precision", "modules")


@dataclass(frozen=True)
class MapReport:
    """How one attention map was captured."""

    name: str
    tier: int | None
    """1, 2 or 3, see `TIERS`; None for given weights."""
    num_layers: int
    num_heads: tuple[int, ...]
    """The different numbers of heads that layers have."""
    num_kv_heads: tuple[int, ...] = ()
    """The same for key and value heads; empty where there are no keys."""
    precision: str = ""
    """What the model computed in; weights are always computed in float32."""
    modules: tuple[str, ...] = ()
    """The name of each layer's attention module."""

    def cells(self) -> tuple[str, ...]:
        """Return the map's row of the table."""
        first, last = (self.modules[0], self.modules[-1]) if self.modules else ("", "")
        return (
            self.name,
            "" if self.tier is None else str(self.tier),
            "given weights" if self.tier is None else TIERS[self.tier],
            str(self.num_layers),
            _span(self.num_heads),
            _span(self.num_kv_heads),
            self.precision,
            first if first == last else f"{first} to {last}",
        )


@dataclass(frozen=True)
class Report:
    """What `capture.report()` returns: a table for people, and its parts for programs."""

    model: str
    maps: tuple[MapReport, ...]
    missing: dict[str, str] = field(default_factory=dict)
    """Attention modules that ran and left nothing, by name, and why."""
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
