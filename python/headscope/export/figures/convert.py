"""Turn SVG figures into PDF, whose text stays text, and into PNG."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headscope.export.figures.needed import figure_package

if TYPE_CHECKING:
    from headscope.export.figures.draw import Drawing

FONTS = Path(__file__).with_name("fonts")
"""The fonts that figures name first, so that they look alike on every machine; others come from the system."""

POINTS = 72 / 96
"""Points of print per pixel."""

MAX_PIXELS = 120_000_000
"""A larger PNG takes gigabytes while it is made."""

PAGE = b"""#set page(width: auto, height: auto, margin: 0pt, fill: none)
#set document(title: sys.inputs.title, date: none)
#image(bytes(sys.inputs.svg), format: "svg", width: float(sys.inputs.width) * 1pt, alt: sys.inputs.title)
"""


@cache
def _fonts() -> Any:
    return figure_package("typst").Fonts(font_paths=[str(FONTS)])


def pdf_of(drawing: Drawing, title: str) -> bytes:
    """Return a figure as a PDF of one page, which is as large as the figure."""
    return _compiled(drawing, title, format="pdf")


def png_of(drawing: Drawing, title: str, dpi: float) -> bytes:
    """Return a figure as a PNG of `dpi` pixels per inch.

    Raises
    ------
    ValueError
        The PNG would have more than MAX_PIXELS pixels.
    """
    ratio = dpi / 96
    columns, rows = round(drawing.width * ratio), round(drawing.height * ratio)
    if columns * rows > MAX_PIXELS:
        raise ValueError(f"the PNG would have {columns} x {rows} pixels: take a lower dpi, or save it as .svg or .pdf")
    return _compiled(drawing, title, format="png", ppi=dpi)


def _compiled(drawing: Drawing, title: str, **options: Any) -> bytes:
    inputs = {"svg": drawing.svg, "width": repr(drawing.width * POINTS), "title": title}
    return bytes(figure_package("typst").compile(PAGE, sys_inputs=inputs, font_paths=_fonts(), **options))
