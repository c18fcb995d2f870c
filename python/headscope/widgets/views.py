"""The view widgets, and what `capture.head_view()` and its like call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets as t

from headscope.contract import Theme, ViewKind
from headscope.options import check_options
from headscope.widgets.selection import Selection
from headscope.widgets.store import STATIC, Store, store_of

if TYPE_CHECKING:
    from headscope.attention import Capture


class View(anywidget.AnyWidget):
    """One picture of a capture. Where it looks is the Store's; how it shows that is its own.

    `view.layer`, `view.heads`, `view.map`, `view.query` and `view.key` read what the user chose and move every view of
    the same capture, as `capture.selection` does.
    """

    _esm = STATIC / "widget.js"
    _css = STATIC / "widget.css"

    store = anywidget.WidgetTrait().tag(sync=True)
    """The Store of the capture."""
    view = t.Enum(ViewKind.__args__, default_value="head", read_only=True).tag(sync=True)  # type: ignore[attr-defined]
    """What kind of view this is."""
    theme = t.Enum(Theme.__args__, default_value="auto").tag(sync=True)  # type: ignore[attr-defined]
    """`"light"` or `"dark"` to force one; `"auto"` follows the notebook."""
    include_layers = t.List(t.Int()).tag(sync=True)
    """The layers that the layer control lists, zero-based; empty for all."""
    include_heads = t.List(t.Int(), default_value=None, allow_none=True).tag(sync=True)
    """The heads that the model view shows, zero-based; None for all."""
    detail = t.Bool(False).tag(sync=True)
    """Whether the model view shows a head in detail beside the grid."""

    def __init__(self, store: Store, kind: ViewKind, **traits: Any) -> None:
        super().__init__(store=store, **traits)
        self.set_trait("view", kind)

    def __repr__(self) -> str:
        return f"<{self.view} view of {self.store.name}, map {self.map!r}, layer {self.layer}>"

    @property
    def selection(self) -> Selection:
        """The selection that all views of the capture share."""
        return Selection(self.store)

    @property
    def map(self) -> str:
        """The name of the attention map on screen."""
        return self.selection.map

    @map.setter
    def map(self, name: str) -> None:
        self.selection.map = name

    @property
    def layer(self) -> int:
        """The zero-based layer on screen."""
        return self.selection.layer

    @layer.setter
    def layer(self, layer: int) -> None:
        if self.include_layers and layer not in self.include_layers:
            raise ValueError(f"layer {layer} is not among the layers that this view includes: {self.include_layers}")
        self.selection.layer = layer

    @property
    def heads(self) -> list[int]:
        """The zero-based heads on screen; assign None for all heads."""
        return self.selection.heads

    @heads.setter
    def heads(self, heads: Sequence[int] | None) -> None:
        self.selection.heads = heads

    @property
    def query(self) -> int | None:
        """The pinned query position, None while none is pinned."""
        return self.selection.query

    @query.setter
    def query(self, query: int | None) -> None:
        self.selection.query = query

    @property
    def key(self) -> int | None:
        """The pinned key position, None while none is pinned."""
        return self.selection.key

    @key.setter
    def key(self, key: int | None) -> None:
        self.selection.key = key


def head_view(capture: Capture, **options: Any) -> View:
    """Return a head view of `capture`: lines from queries to keys, a colour for each head.

    Parameters
    ----------
    capture
        What to show.
    **options
        `map`, `layer`, `heads`: where to go; they move all views of the capture. `theme`: `"auto"`, `"light"` or
        `"dark"`. `include_layers`: the layers that can be chosen.

    Raises
    ------
    TypeError
        An unknown option; the message names the nearest right one.
    ValueError
        A map, layer or head that the capture does not have.
    """
    return show(capture, "head", options)


def model_view(capture: Capture, **options: Any) -> View:
    """Return a model view of `capture`: every head of every layer as a thumbnail, a click opens one in detail.

    Takes the options of `head_view`, and `include_heads`: the heads to show, `detail`: whether one is open.
    """
    return show(capture, "model", options)


def default_view(capture: Capture) -> View:
    """Return what a capture shows as a cell's output."""
    return model_view(capture, detail=True)


def show(capture: Capture, kind: ViewKind, options: dict[str, Any]) -> View:
    """Return a view of the given kind, after moving the capture's selection to where the options say."""
    store = store_of(capture)
    checked = check_options(capture, kind, options, store.map)
    store.select(**{name: checked.pop(name) for name in ("map", "layer", "heads") if name in checked})
    if kind == "model":
        store.ensure_overview()
    return View(store, kind, **checked)
