"""The view widgets, and `show`, which `capture.head_view()` and similar methods call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets as t

from headscope.attributes import KnownAttributes
from headscope.contract import PairFilter, ViewKind
from headscope.contract_messages import StoreToldMessage
from headscope.data.check_options import check_options
from headscope.export.pictures import PAGE, Layers, Pictures, check_path, check_scale, page_messages, page_of
from headscope.export.snapshot.bundle import with_snapshot
from headscope.options import CHECKS, KEY_COUNT, PLACE, VALUES, VIEWS, WEIGHT
from headscope.widgets.comm import encode_buffers, resend_comm_open
from headscope.widgets.option_traits import OptionTraits
from headscope.widgets.selection import Selection
from headscope.widgets.settings import settings
from headscope.widgets.store import STATIC, Store, store_of
from headscope.widgets.subshells import SubshellWidget

if TYPE_CHECKING:
    from headscope.data.capture import Capture


class View(KnownAttributes, OptionTraits, SubshellWidget):
    """One view of a capture. It shares the selection with the other views through the store, and has its own options.

    Like `capture.selection`, `view.layer`, `view.heads`, `view.map`, `view.query`, `view.key` and `view.pair` read the
    selection and move every view of the capture.
    """

    _esm = STATIC / "widget.js"
    _css = STATIC / "widget.css"

    store = anywidget.WidgetTrait().tag(sync=True)
    """The store of the capture."""
    view = t.Enum(tuple(VIEWS), default_value="head", read_only=True).tag(sync=True)
    """The kind of view."""
    decided = t.List(t.Unicode()).tag(sync=True)
    """The options that the call set, or that a page took from its reader's settings; settings don't change them."""
    sample = t.Unicode("").tag(sync=True)
    """Which of several texts the view shows, such as `text 2 of 3: The dog lay`; empty if there is one."""

    _is_made = False
    """Whether `view` says which options there are."""

    def __init__(self, store: Store, kind: ViewKind, **traits: Any) -> None:
        self._pictures = Pictures(self.send)
        super().__init__(store=store, **traits)
        self.set_trait("view", kind)
        self._is_made = True
        self.on_msg(self._on_message)

    def save(self, path: str | Path, *, layers: Layers | None = None, scale: float = 2.0) -> Path:
        """Save the view as it is now: its layer, heads, pinned tokens and reading aids.

        Parameters
        ----------
        path
            The file to write; its ending decides the format. `.html` is a standalone page, interactive without network
            or kernel; saving it needs no browser. `.svg` and `.png` are pictures of the view, which the page that shows
            it draws.
        layers
            For `.html`: the zero-based layers that the page holds, `"shown"` for the layer on screen, or `"all"`
            (default) for those that the view includes.
        scale
            For `.png`: the pixels per CSS pixel of the page, 2 by default.

        Returns
        -------
        Path
            The absolute path of the file. If the page can reply only after the cell has ended (Colab, VS Code,
            ipykernel before 7), a picture is written then, and a printed line says so.

        Raises
        ------
        RuntimeError
            No page shows the view, or the page can't draw the picture.
        FileNotFoundError
            The folder does not exist.
        ValueError
            The ending is unknown, `layers` do not exist or were passed for a picture, or `scale` is out of range.
        TypeError
            `path` is neither a str nor a Path.
        """
        place = check_path(path)
        scale = check_scale(scale)
        if place.suffix.lower() == PAGE:
            place.write_text(page_of(self, "all" if layers is None else layers), encoding="utf-8")
        elif layers is not None:
            raise ValueError(f"layers is for {PAGE} files: a picture shows the layer on screen")
        else:
            self._pictures.save(place, scale, self.store.last_message_thread)
        return place

    def _on_message(self, _widget: object, content: dict[str, Any], buffers: list[memoryview]) -> None:
        if content.get("type") == "export-html":
            for message, parts in page_messages(self, content):
                self.send(*encode_buffers(content, message, parts))
        elif content.get("type") == "store-missing":
            resend_comm_open(self.store)
            self.send(StoreToldMessage(type="store-told"))
        else:
            self._pictures.receive(content, buffers)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        self._pictures.displayed = True
        return with_snapshot(self, super()._repr_mimebundle_(**kwargs), settings.snapshot_bytes)

    def _kind(self) -> str:
        return f"the {self.view} view"

    def _settable(self) -> list[str]:
        return [option.name for option in VALUES if self.view in option.views]

    def _check_attribute(self, name: str) -> None:
        super()._check_attribute(name)
        views = next((option.views for option in VALUES if option.name == name), (self.view,))
        if self._is_made and self.view not in views:
            kinds = ", ".join(views)
            raise AttributeError(f"the {self.view} view has no option {name!r}: it is for views of the kind {kinds}.")

    def __repr__(self) -> str:
        return f"<{self.view} view of {self.store.name}, map {self.map!r}, layer {self.layer}>"

    @t.validate(*(option.name for option in VALUES if option.kind in (WEIGHT, KEY_COUNT)))
    def _checked(self, proposal: dict[str, Any]) -> Any:
        name, value = proposal["trait"].name, proposal["value"]
        return None if value is None else CHECKS[name](name, value)

    @property
    def uses_subshells(self) -> bool:
        """Whether messages may be handled while a cell runs."""
        return self.store.uses_subshells  # type: ignore[no-any-return]

    @property
    def shown_name(self) -> str:
        """The name of the capture, and which of several texts is shown: what pages and saved notebooks call it."""
        return ", ".join(filter(None, [self.store.name, self.sample]))

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
        """The pinned query position; None if none is pinned."""
        return self.selection.query

    @query.setter
    def query(self, query: int | None) -> None:
        self.selection.query = query

    @property
    def key(self) -> int | None:
        """The pinned key position; None if none is pinned."""
        return self.selection.key

    @key.setter
    def key(self, key: int | None) -> None:
        self.selection.key = key

    @property
    def pair(self) -> PairFilter:
        """Which sentences of a pair are shown: `"all"`, or `"ab"` for queries of A and keys of B, and so on."""
        return self.selection.pair

    @pair.setter
    def pair(self, pair: PairFilter) -> None:
        self.selection.pair = pair


def show(capture: Capture, kind: ViewKind, options: Mapping[str, object]) -> View:
    """Return a view of a kind, and move the capture's selection as the options say."""
    store = store_of(capture)
    checked = check_options(capture, kind, options, store.map)
    store.select(**{name: checked.pop(name) for name in PLACE if name in checked})
    if VIEWS[kind].has_grid:
        store.ensure_overview()
    return View(store, kind, **checked, decided=sorted(checked))
