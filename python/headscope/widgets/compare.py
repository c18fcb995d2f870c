"""Views side by side, shown, saved and drawn as one."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ipywidgets import HBox  # type: ignore[import-untyped]  # it has no types

from headscope.contract import SNAPSHOT_TYPE, ViewKind
from headscope.data.capture import Capture
from headscope.export.figures.figure import DPI, Figure, views_figure
from headscope.export.figures.needed import can_draw
from headscope.export.html import page_html
from headscope.export.paths import check_ending
from headscope.export.pictures import ENDINGS, PAGE, page_part
from headscope.export.snapshot.bundle import snapshot_bundle
from headscope.plain_errors import with_plain_errors
from headscope.widgets.settings import settings
from headscope.widgets.views import View, show
from headscope.writing import write

LEAST_WIDTH = "380px"
"""Views that would be narrower stand below each other."""


@with_plain_errors
class Comparison(HBox):  # type: ignore[misc]  # ipywidgets has no types
    """Views side by side. Each keeps its own controls; `views` holds them.

    Parameters
    ----------
    views
        The views, from left to right.
    """

    def __init__(self, views: Sequence[View]) -> None:
        for view in views:
            view.layout.flex = f"1 1 {LEAST_WIDTH}"
            view.layout.min_width = "0"
        super().__init__(list(views))
        self.layout.flex_flow = "row wrap"
        self.layout.grid_gap = "8px"

    @property
    def views(self) -> tuple[View, ...]:
        """The views, from left to right."""
        return tuple(self.children)

    def figure(
        self,
        *,
        title: str | None = None,
        caption: str | None = None,
        width: float | str | None = None,
        font: str | None = None,
        font_size: float | str | None = None,
        columns: int | None = None,
        dpi: float | None = DPI,
    ) -> Figure:
        """Return the views as one figure, as they are now.

        Parameters
        ----------
        title, caption, width, font, font_size
            As in `capture.figure`.
        columns
            The views per row; by default, all stand side by side.
        dpi
            The pixels per inch of a PNG; 192 by default.

        Raises
        ------
        TypeError, ValueError
            A value has the wrong type or is out of range.
        """
        look = {"title": title, "caption": caption, "width": width, "font": font, "font_size": font_size}
        return views_figure(self.views, dpi=dpi, columns=len(self.views) if columns is None else columns, **look)

    def save(
        self,
        path: str | Path,
        *,
        title: str | None = None,
        caption: str | None = None,
        width: float | str | None = None,
        font: str | None = None,
        font_size: float | str | None = None,
        columns: int | None = None,
        dpi: float | None = DPI,
    ) -> Path:
        """Save the views as one file: a page, or a figure. This needs no browser.

        Parameters
        ----------
        path
            The file to write; its ending decides the format: `.html`, `.svg`, `.pdf` or `.png`.
        title, caption
            Stand above and below the views.
        width, font, font_size
            For figures, as in `capture.figure`.
        columns
            For figures: the views per row; by default, all stand side by side.
        dpi
            For `.png`: the pixels per inch; 192 by default.

        Returns
        -------
        Path
            The absolute path of the file.

        Raises
        ------
        TypeError
            `path` is neither a str nor a Path, or another value has the wrong type.
        ValueError
            The ending is unknown, or a value is out of range.
        FileNotFoundError
            The folder does not exist.
        ModuleNotFoundError
            The file is a figure, and the extra `figures` is not installed.
        """
        place = check_ending(path, ENDINGS, "a comparison")
        look: dict[str, Any] = {"title": title, "caption": caption, "columns": columns}
        look |= {"width": width, "font": font, "font_size": font_size}
        figure = self.figure(dpi=dpi, **look)  # which checks all values, whatever the format
        if place.suffix.lower() == PAGE:
            parts = [page_part(view, link=f"{number}.") for number, view in enumerate(self.views, 1)]
            name = " and ".join(dict.fromkeys(view.shown_name for view in self.views)) if title is None else title
            write(place, page_html(parts, title=name, caption=caption).encode())
            return place
        return figure.save(place)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is None or settings.snapshot_bytes == 0:
            return bundle
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        share = settings.snapshot_bytes // max(1, len(self.views))
        snapshots = [snapshot_bundle(view, share)[0].get(SNAPSHOT_TYPE) for view in self.views]
        kept = {SNAPSHOT_TYPE: {"panels": snapshots}} if all(snapshots) else {}
        picture = {"image/png": b64encode(self.figure(dpi=96).png).decode()} if can_draw() else {}
        return {**data, **kept, **picture}, metadata

    def __repr__(self) -> str:
        return f"<{len(self.views)} views side by side: {', '.join(view.shown_name for view in self.views)}>"


def compare_views(shown: Sequence[Any], kind: ViewKind, options: Mapping[str, object]) -> Comparison:
    """Return views side by side; `headscope.compare` describes the arguments."""
    if len(shown) == 1 and isinstance(shown[0], Sequence):
        raise TypeError(
            f"compare takes views and captures one by one, not in a {type(shown[0]).__name__}: compare(*list)"
        )
    if len(shown) < 2:
        raise ValueError(f"compare takes two views or captures or more, not {len(shown)}")
    for one in shown:
        if not isinstance(one, (View, Capture)):
            raise TypeError(f"compare takes views and captures, not {type(one).__name__}")
    if options and all(isinstance(one, View) for one in shown):
        raise TypeError(f"{', '.join(options)}: options are for captures; a view has its own")
    return Comparison([one if isinstance(one, View) else show(one, kind, options) for one in shown])
