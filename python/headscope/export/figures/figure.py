"""The class `Figure`, and the functions that make figures of captures and of views."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from numbers import Integral, Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headscope.contract import ViewKind
from headscope.data.check_options import check_options, check_view
from headscope.data.descriptions import noted_maps
from headscope.export.figures.convert import pdf_of, png_of
from headscope.export.figures.draw import Drawing, draw
from headscope.export.figures.lengths import pixels
from headscope.export.paths import check_ending
from headscope.export.snapshot.bundle import state_of
from headscope.export.texts import check_text
from headscope.option_kinds import check_switch
from headscope.options import DEFAULTS
from headscope.plain_errors import with_plain_errors
from headscope.writing import write

if TYPE_CHECKING:
    from headscope.data.attention_map import AttentionMap
    from headscope.data.capture import Capture
    from headscope.export.shown_view import ShownView

DPI_OF_SCALE = 96.0
"""The pixels per inch of a PNG with one pixel for each pixel of a page."""

DPI = 192.0
"""The pixels per inch of a PNG: two for each pixel of a page."""

MAX_DPI = 2400.0

ENDINGS = (".svg", ".pdf", ".png")


@with_plain_errors
class Figure:
    """A picture of one view or of several, drawn when it is needed, without a browser.

    A notebook shows it as SVG. `figure.save("x.pdf")` writes it.

    Parameters
    ----------
    spec
        The captures, the panels and the look of the figure, in the words of `src/figure/spec.ts`.
    captures
        The attention maps of each capture, by name.
    dpi
        The pixels per inch of a PNG.
    """

    def __init__(
        self, spec: Mapping[str, Any], captures: Sequence[Mapping[str, AttentionMap]], dpi: float = DPI
    ) -> None:
        self._spec = spec
        self._captures = captures
        self._dpi = dpi

    @cached_property
    def _drawing(self) -> Drawing:
        return draw(self._spec, self._captures)

    @property
    def svg(self) -> str:
        """The figure as a whole SVG file."""
        return self._drawing.svg

    @property
    def png(self) -> bytes:
        """The figure as a PNG."""
        return png_of(self._drawing, self._title, self._dpi)

    @property
    def pdf(self) -> bytes:
        """The figure as a PDF of one page, with its text as text."""
        return pdf_of(self._drawing, self._title)

    @property
    def _title(self) -> str:
        look, captures = self._spec["look"], self._spec["captures"]
        return str(look["title"] or f"{captures[0]['name']}: attention")

    def save(self, path: str | Path) -> Path:
        """Write the figure to a file, whose ending decides the format: `.svg`, `.pdf` or `.png`.

        Returns
        -------
        Path
            The absolute path of the file.

        Raises
        ------
        TypeError
            `path` is neither a str nor a Path.
        ValueError
            The ending is another one, or the PNG would be too large.
        FileNotFoundError
            The folder does not exist.
        ModuleNotFoundError
            The extra `figures` is not installed.
        """
        place = check_ending(path, ENDINGS, "a figure")
        write(place, self.bytes_of(place.suffix.lower()))
        return place

    def bytes_of(self, ending: str) -> bytes:
        """Return the figure in the format of a file ending."""
        if ending == ".svg":
            return self.svg.encode()
        return self.pdf if ending == ".pdf" else self.png

    def _repr_svg_(self) -> str:
        return self.svg

    def _repr_png_(self) -> bytes:
        return self.png

    def __repr__(self) -> str:
        views = ", ".join(dict.fromkeys(panel["view"] for panel in self._spec["panels"]))
        return f"<figure: {views} of {', '.join(capture['name'] for capture in self._spec['captures'])}>"


def look_of(
    *,
    title: str | None = None,
    caption: str | None = None,
    width: float | str | None = None,
    font: str | None = None,
    font_size: float | str | None = None,
    columns: int | None = None,
    dark: bool = False,
) -> dict[str, Any]:
    """Return how a figure looks, in the words of `src/figure/spec.ts`.

    Raises
    ------
    TypeError
        A value has the wrong type.
    ValueError
        A length can't be read, or `columns` is below 1.
    """
    for name, text in (("title", title), ("caption", caption), ("font", font)):
        check_text(name, text)
    if columns is not None and (isinstance(columns, bool) or not isinstance(columns, Integral) or columns < 1):
        raise ValueError(f"columns is {columns!r}; it takes a whole number of panels in a row, 1 or more")
    return {
        "title": title,
        "caption": caption,
        "width": None if width is None else pixels("width", width),
        "fontSize": 13.0 if font_size is None else pixels("font_size", font_size),
        "font": font or "",
        "columns": None if columns is None else int(columns),
        "dark": dark,
        "background": None,
        "transparent": False,
    }


def check_dpi(dpi: Any) -> float:
    """Return the pixels per inch as a float, None being the default; raise ValueError unless 0 < dpi <= MAX_DPI."""
    if dpi is None:
        return DPI
    if isinstance(dpi, bool) or not isinstance(dpi, Real) or not 0 < float(dpi) <= MAX_DPI:
        raise ValueError(f"dpi is {dpi!r}; it can be from above 0 to {MAX_DPI:g} pixels per inch")
    return float(dpi)


def capture_figure(
    capture: Capture,
    view: ViewKind,
    options: Mapping[str, object],
    *,
    subplots: bool = False,
    dpi: float | None = DPI,
    **look: Any,
) -> Figure:
    """Return a figure of a capture; `Capture.figure` describes the arguments."""
    check_view(view)
    if check_switch("subplots", subplots) and view == "model":
        raise ValueError("subplots is True, but the model view shows every head already: leave it out")
    shown = next(iter(capture.maps))
    given = check_options(capture, view, options, shown, "figure")
    if given.get("trace"):
        raise ValueError("trace is True, but a figure has no map of all heads: capture.trace() returns its numbers")
    given.pop("follow", None)  # a figure has no capture to follow
    start = {"map": shown, "layer": next(iter(capture.maps[given.get("map", shown)].layers), 0)}
    state = DEFAULTS | start | given
    panels = [panel_of(view, state)]
    if subplots:
        panels = [
            panel_of(view, state | {"heads": [head]}, _head_label(capture, state, head))
            for head in _heads_of(capture, state)
        ]
    spec = {
        "captures": [{"name": capture.name, "maps": noted_maps(capture)}],
        "panels": panels,
        "look": look_of(**look, dark=state["theme"] == "dark"),
    }
    return Figure(spec, [capture.maps], check_dpi(dpi))


def view_figure(view: ShownView, *, dpi: float | None = DPI, **look: Any) -> Figure:
    """Return a figure of what a view shows now, whether a page shows it or not."""
    return views_figure([view], dpi=dpi, **look)


def views_figure(views: Sequence[ShownView], *, dpi: float | None = DPI, **look: Any) -> Figure:
    """Return a figure of what views show now, side by side; each has its own title if there are several."""
    label = "" if len(views) == 1 else None
    states = [state_of(view) for view in views]
    spec = {
        "captures": [
            {"name": view.shown_name, "maps": noted_maps(view.store.capture, view.store.maps)} for view in views
        ],
        "panels": [
            panel_of(view.view, state, label, number)
            for number, (view, state) in enumerate(zip(views, states, strict=True))
        ],
        "look": look_of(**{"dark": states[0]["theme"] == "dark", **look}),
    }
    return Figure(spec, [view.store.capture.maps for view in views], check_dpi(dpi))


def panel_of(view: ViewKind, state: Mapping[str, Any], label: str | None = "", capture: int = 0) -> dict[str, Any]:
    """Return a panel in the words of `src/figure/spec.ts`; `label` stands above it, None for its own title."""
    return {"view": view, "capture": capture, "state": dict(state), "label": label}


def _head_label(capture: Capture, state: Mapping[str, Any], head: int) -> str:
    note = capture.notes.get((state["map"], state["layer"], head))
    return f"head {head}: {note.name}" if note is not None and note.name else f"head {head}"


def _heads_of(capture: Capture, state: Mapping[str, Any]) -> Sequence[int]:
    map_ = capture.maps[state["map"]]
    count = map_.num_heads(min(state["layer"], map_.num_layers - 1))
    chosen = [head for head in state["heads"] or () if head < count]
    return chosen or range(count)
