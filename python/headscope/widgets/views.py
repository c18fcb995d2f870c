"""The view widgets, and what `capture.head_view()` and its like call."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets as t

from headscope.contract import (
    ColorMap,
    ColorScale,
    Combine,
    Direction,
    PoolKind,
    StoreToldMessage,
    Tab,
    Theme,
    ViewKind,
)
from headscope.options import CHECKS, PLACE, WITH_GRID, check_options
from headscope.widgets.beside import BesideCells
from headscope.widgets.saving import PAGE, Layers, Pictures, check_path, check_scale, page_messages, page_of
from headscope.widgets.selection import Selection
from headscope.widgets.snapshot import with_snapshot
from headscope.widgets.store import STATIC, Store, store_of
from headscope.widgets.telling import tell_anew
from headscope.widgets.texts import as_asked

if TYPE_CHECKING:
    from headscope.attention import Capture


class View(BesideCells):
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
    tab = t.Enum(Tab.__args__, default_value="heads").tag(sync=True)  # type: ignore[attr-defined]
    """What the explorer shows beside the grid: `"heads"`, `"matrix"`, `"neurons"` or `"text"`."""
    scale = t.Enum(ColorScale.__args__, default_value="linear").tag(sync=True)  # type: ignore[attr-defined]
    """How heat maps and running text turn weights into colours: `"linear"`, `"sqrt"` or `"log"`."""
    color_map = t.Enum(ColorMap.__args__, default_value="viridis").tag(sync=True)  # type: ignore[attr-defined]
    """Their colours, in even steps of lightness: `"viridis"`, `"greys"`, `"blues"` or `"heat"`."""
    combine = t.Enum(Combine.__args__, default_value="each").tag(sync=True)  # type: ignore[attr-defined]
    """Several heads in the matrix view: `"each"` by itself, or one map of their `"mean"` or `"sum"`."""
    pool = t.Enum(PoolKind.__args__, default_value="max").tag(sync=True)  # type: ignore[attr-defined]
    """What the matrix view of a long map shows of several weights: the largest, `"max"`, or their `"mean"`."""
    threshold = t.Float(None, allow_none=True).tag(sync=True)
    """Weights below it are not drawn, from 0 to less than 1; None for those that can't be seen."""
    top_k = t.Int(None, allow_none=True).tag(sync=True)
    """How many keys are drawn for each query, the strongest, or queries for each key by `direction`; None for all."""
    hide_special = t.Bool(False).tag(sync=True)
    """Whether special tokens are left out."""
    hide_sink = t.Bool(False).tag(sync=True)
    """Whether the first key is left out and each query's other weights are scaled to add up to 1."""
    merge_words = t.Bool(False).tag(sync=True)
    """Whether words are shown in place of their tokens: weights summed over keys, their mean over queries."""
    merge_segments = t.Bool(False).tag(sync=True)
    """Whether segments are shown in place of their tokens, put together like words."""
    open_segments = t.List(t.Int()).tag(sync=True)
    """The numbers of the segments, on either side, that show their tokens nonetheless."""
    direction = t.Enum(Direction.__args__, default_value="out").tag(sync=True)  # type: ignore[attr-defined]
    """Which way tokens are looked at: `"out"` by what they attend to, `"in"` by what attends to them."""
    search = t.Unicode("").tag(sync=True)
    """Tokens that hold this text are marked."""
    decided = t.List(t.Unicode()).tag(sync=True)
    """The options that were given, or that a page has taken from its reader's settings: settings leave them alone."""

    def __init__(self, store: Store, kind: ViewKind, **traits: Any) -> None:
        self._pictures = Pictures(self.send)
        super().__init__(store=store, **traits)
        self.set_trait("view", kind)
        self.on_msg(self._on_message)

    def save(self, path: str | Path, *, layers: Layers | None = None, scale: float = 2.0) -> Path:
        """Save the view as it is now: its layer, heads, pinned tokens and reading aids.

        Parameters
        ----------
        path
            What it ends in says what is saved. `.html`: a standalone page, interactive without network or kernel; no
            browser is needed for it. `.svg` and `.png`: what is on screen, drawn by the page that shows the view.
        layers
            Of a `.html` file: the layers that it holds, zero-based, `"shown"` for the one on screen, or `"all"`, which
            is what is saved where None, for those that the view includes.
        scale
            Of a `.png` file: how many pixels it has for each pixel of the page, both ways.

        Returns
        -------
        Path
            Where the file is, or will be: where the page can answer only after this cell (Colab, VS Code, ipykernel
            before 7), a picture is written then, and this says so.

        Raises
        ------
        RuntimeError
            A picture of a view that no page shows, or that its page can't draw.
        FileNotFoundError
            The folder is missing.
        ValueError
            An unknown ending, `layers` that are not there or not for a page, or a `scale` that can't be.
        TypeError
            A path that is neither a str nor a Path.
        """
        place = check_path(path)
        scale = check_scale(scale)
        if place.suffix.lower() == PAGE:
            place.write_text(page_of(self, "all" if layers is None else layers), encoding="utf-8")
        elif layers is not None:
            raise ValueError(f"layers is for {PAGE} files: a picture shows the layer on screen")
        else:
            self._pictures.save(place, scale, self.store.heard_in)
        return place

    def _on_message(self, _widget: object, content: dict[str, Any], buffers: list[memoryview]) -> None:
        if content.get("type") == "export-html":
            for message, parts in page_messages(self, content):
                self.send(*as_asked(content, message, parts))
        elif content.get("type") == "store-missing":
            tell_anew(self.store)
            self.send(StoreToldMessage(type="store-told"))
        else:
            self._pictures.receive(content, buffers)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        self._pictures.displayed = True
        return with_snapshot(self, super()._repr_mimebundle_(**kwargs))

    def __repr__(self) -> str:
        return f"<{self.view} view of {self.store.name}, map {self.map!r}, layer {self.layer}>"

    @t.validate("threshold", "top_k")
    def _checked(self, proposal: dict[str, Any]) -> Any:
        name, value = proposal["trait"].name, proposal["value"]
        return None if value is None else CHECKS[name](name, value)

    @property
    def beside_cells(self) -> bool:
        """Whether messages may be handled while a cell runs."""
        return self.store.beside_cells  # type: ignore[no-any-return]

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
        Where to go, what the view offers, and reading aids; `headscope.options` describes them.

    Raises
    ------
    TypeError
        An unknown option; the message names the nearest right one.
    ValueError
        A map, layer, head or token that the capture does not have, or a value that an option can't be.
    """
    return show(capture, "head", options)


def model_view(capture: Capture, **options: Any) -> View:
    """Return a model view of `capture`: every head of every layer as a thumbnail, a click opens one in detail.

    Takes the options of `head_view`, and `include_heads` and `detail`.
    """
    return show(capture, "model", options)


def matrix_view(capture: Capture, **options: Any) -> View:
    """Return a matrix view of `capture`: heads as heat maps, queries down and keys across.

    Takes the options of `head_view`, and `scale`, `color_map`, `combine` and `pool`.
    """
    return show(capture, "matrix", options)


def neuron_view(capture: Capture, **options: Any) -> View:
    """Return a neuron view of `capture`: how one head's weights come from its queries and keys, number by number.

    Takes the options of `head_view`.
    """
    return show(capture, "neuron", options)


def text_view(capture: Capture, **options: Any) -> View:
    """Return a text view of `capture`: the input as running text, shaded by what the chosen token attends to.

    Takes the options of `head_view`, and `scale` and `color_map`.
    """
    return show(capture, "text", options)


def explorer(capture: Capture, **options: Any) -> View:
    """Return the explorer of `capture`: the model view, and beside it another view of the layer and heads chosen there.

    Takes the options of all other views, and `tab`.
    """
    return show(capture, "explorer", options)


def default_view(capture: Capture) -> View:
    """Return what a capture shows as a cell's output."""
    return explorer(capture)


def show(capture: Capture, kind: ViewKind, options: dict[str, Any]) -> View:
    """Return a view of the given kind, after moving the capture's selection to where the options say."""
    store = store_of(capture)
    checked = check_options(capture, kind, options, store.map)
    store.select(**{name: checked.pop(name) for name in PLACE if name in checked})
    if kind in WITH_GRID:
        store.ensure_overview()
    return View(store, kind, **checked, decided=sorted(checked))
