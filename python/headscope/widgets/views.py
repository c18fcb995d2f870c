"""The view widgets, and `show`, which `capture.head_view()` and similar methods call."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets as t

from headscope.attributes import KnownAttributes
from headscope.contract import ViewKind
from headscope.contract_messages import StoreToldMessage
from headscope.data.check_options import check_options
from headscope.export.figures.figure import DPI_OF_SCALE, check_dpi, look_of, view_figure
from headscope.export.figures.needed import can_draw
from headscope.export.paths import check_ending
from headscope.export.pictures import ENDINGS, PAGE, PICTURES, Layers, Pictures, check_scale, page_messages, page_of
from headscope.export.snapshot.bundle import with_snapshot
from headscope.keywords import UNCHANGED, describes_options
from headscope.option_kinds import FACTOR, KEY_COUNT, WEIGHT, check_switch
from headscope.options import CHECKS, DEFAULTS, PLACE, PLACE_OPTIONS, VALUES, VIEWS
from headscope.plain_errors import plain_errors, with_plain_errors
from headscope.widgets.comm import encode_buffers, resend_comm_open
from headscope.widgets.observers import SELECTION, Observers, changes_between
from headscope.widgets.option_traits import OptionTraits
from headscope.widgets.page_changes import CheckedWidget, check_written_option
from headscope.widgets.place import Place, fitted, moved, named_place, rewritten, valid_place, without
from headscope.widgets.place_attributes import PlaceAttributes
from headscope.widgets.selection import Selection, select
from headscope.widgets.settings import settings
from headscope.widgets.store import STATIC, Store, store_of
from headscope.writing import write

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from headscope.data.attention_map import AttentionMap
    from headscope.data.capture import Capture
    from headscope.view_keywords import PlaceKeywords

ASSIGNED = tuple(option.name for option in VALUES if option.group != "place")
"""The options that a view holds itself. Assigning one is checked as in the call that shows the view."""


@with_plain_errors
class View(KnownAttributes, OptionTraits, PlaceAttributes, CheckedWidget):
    """One view of a capture, with its own options.

    `view.layer`, `view.heads`, `view.map`, `view.query`, `view.key` and `view.pair` are what it shows. What the call
    named of these is the view's own, and stays until its reader or an assignment moves it. The rest follows the
    capture: assigning it moves every view that follows too.
    """

    FROM_PAGES = frozenset((*ASSIGNED, "own", "waiting", "decided"))

    _esm = STATIC / "widget.js"
    _css = STATIC / "widget.css"

    store = anywidget.WidgetTrait().tag(sync=True)
    """The store of the capture."""
    view = t.Enum(tuple(VIEWS), default_value="head", read_only=True).tag(sync=True)
    """The kind of view."""
    own = t.Dict().tag(sync=True)
    """The fields of the view's place that are its own, a `headscope.contract.OwnPlace`; others are the capture's."""
    waiting = t.List(t.Unicode()).tag(sync=True)
    """The fields of `own` that the view gives up when the capture moves them."""
    decided = t.List(t.Unicode()).tag(sync=True)
    """The options that the call set, or that a page took from its reader's settings; settings don't change them."""
    sample = t.Unicode("").tag(sync=True)
    """Which of several texts the view shows, such as `text 2 of 3: The dog lay`; empty if there is one."""

    _is_made = False
    """Whether `view` says which options there are."""

    def __init__(self, store: Store, kind: ViewKind, **traits: Any) -> None:
        self._pictures = Pictures(self.send)
        self._observers = Observers()
        self._moving = threading.RLock()
        super().__init__(store=store, **traits)
        self.set_trait("view", kind)
        self._was_at = self.place()
        self._is_made = True
        self.on_msg(self._on_message)
        store.followers.add(self)

    def save(
        self,
        path: str | Path,
        *,
        layers: Layers | None = None,
        title: str | None = None,
        caption: str | None = None,
        width: float | str | None = None,
        font: str | None = None,
        font_size: float | str | None = None,
        scale: float = 2.0,
        dpi: float | None = None,
    ) -> Path:
        """Save the view as it is now: its layer, heads, pinned tokens and reading aids. This needs no browser.

        Parameters
        ----------
        path
            The file to write; its ending decides the format. `.html` is a standalone page, interactive without network
            or kernel. `.svg`, `.pdf` and `.png` are figures, for which the extra `figures` must be installed: `pip
            install 'headscope[figures]'`. Without it, the page that shows the view draws `.svg` and `.png`.
        layers
            For `.html`: the zero-based layers that the page holds, `"shown"` for the layer on screen, or `"all"`
            (default) for those that the view includes.
        title, caption
            Stand above and below the view. By default they say what it shows; `""` for none.
        width, font, font_size
            For figures, as in `capture.figure`.
        scale
            For `.png`: the pixels per CSS pixel, 2 by default.
        dpi
            For `.png`: the pixels per inch, in place of `scale`, which is 96 of them.

        Returns
        -------
        Path
            The absolute path of the file. If a page draws the picture and can reply only after the cell has ended
            (Colab, VS Code, ipykernel before 7), the picture is written then, and a printed line says so.

        Raises
        ------
        RuntimeError
            The extra `figures` is not installed, and no page shows the view or the page can't draw the picture.
        ModuleNotFoundError
            The extra `figures` is not installed, and a page can't do what is asked for.
        FileNotFoundError
            The folder does not exist.
        ValueError
            The ending is unknown, `layers` do not exist or were passed for a picture, or a value is out of range.
        TypeError
            `path` is neither a str nor a Path, or another value has the wrong type.
        """
        place = check_ending(path, ENDINGS, "a view")
        scale = check_scale(scale)
        look: dict[str, Any] = {
            "title": title,
            "caption": caption,
            "width": width,
            "font": font,
            "font_size": font_size,
        }
        look_of(**look), check_dpi(dpi)  # whatever the format
        if place.suffix.lower() == PAGE:
            page = page_of(self, "all" if layers is None else layers, title=title, caption=caption)
            write(place, page.encode())
        elif layers is not None:
            raise ValueError(f"layers is for {PAGE} files: a picture shows the layer on screen")
        elif can_draw() or place.suffix.lower() not in PICTURES or any(one is not None for one in look.values()):
            view_figure(self, **look, dpi=DPI_OF_SCALE * scale if dpi is None else dpi).save(place)
        else:
            self._pictures.save(place, scale if dpi is None else dpi / DPI_OF_SCALE, self.store.last_message_thread)
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

    @plain_errors
    def __setattr__(self, name: str, value: Any) -> None:
        if self._is_made and name in ASSIGNED and self.has_trait(name) and name in self._settable():
            # What a view says of an option that was not set can be assigned again, also where no call takes it.
            is_default = isinstance(value, list) and value == DEFAULTS[name]
            given = {} if is_default else {name: value}
            value = check_options(self.capture, self.view, given, self.map).get(name, DEFAULTS[name])
        super().__setattr__(name, value)

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

    def _checked_value(self, name: str, value: Any) -> Any:
        if name == "own":
            value = rewritten(self.capture.maps, self.store.place(), self.own, value)
        elif name in ASSIGNED:
            value = check_written_option(self.capture.maps, name, value)
        return super()._checked_value(name, value)

    @t.validate(*(option.name for option in VALUES if option.kind in (WEIGHT, KEY_COUNT, FACTOR)))
    def _checked(self, proposal: dict[str, Any]) -> Any:
        name, value = proposal["trait"].name, proposal["value"]
        try:
            return None if value is None else CHECKS[name](name, value)
        except ValueError as error:
            # Only this error makes traitlets take back what it has set.
            raise t.TraitError(str(error)) from None

    @t.validate("own")
    def _valid_own(self, proposal: dict[str, Any]) -> Place:
        own = proposal["value"]
        try:
            return without(valid_place(self.capture.maps, {"map": self.store.map, **own}), {"map"} - own.keys())
        except (ValueError, TypeError) as error:
            # Only this error makes traitlets take back what it has set.
            raise t.TraitError(str(error)) from None

    @t.validate("waiting", "decided")
    def _known_names(self, proposal: dict[str, Any]) -> list[str]:
        known = SELECTION if proposal["trait"].name == "waiting" else ASSIGNED
        names = proposal["value"]
        if len(names) > len(known) or not set(names) <= set(known):
            raise t.TraitError(f"{proposal['trait'].name} names other fields than {', '.join(known)}")
        return names  # type: ignore[no-any-return]

    @t.observe("own")
    def _own_moved(self, _change: object) -> None:
        if self._is_made:
            self._tell_observers()

    def place(self) -> Place:
        """Return what the view shows, as fields of a selection by name; `heads` is None for all heads."""
        own = self.own
        return fitted(self.capture.maps, {**self.store.place(), **own}) if own else self.store.place()

    def move(self, **changes: Any) -> None:
        """Move the view in one step: in its own fields here, in the others with its capture.

        Raises
        ------
        ValueError
            The capture does not have the map, layer, head or position; then nothing moves.
        """
        here = self.own.keys() - set(self.waiting)
        own = {name: value for name, value in changes.items() if name in here}
        then = moved(self.capture.maps, self.place(), own)
        with self.hold_sync():
            self.store.move(**without(changes, own))
            self._give_up(without(changes, own))
            self.own = {**self.own, **{name: then[name] for name in here}}

    def capture_moved(self, names: Collection[str]) -> None:
        """Follow the capture in the fields that are not the view's own."""
        self._give_up(names)
        self._tell_observers()

    def _give_up(self, names: Iterable[str]) -> None:
        given_up = set(names) & set(self.waiting)
        if given_up:
            self._give(without(self.own, given_up), [name for name in self.waiting if name not in given_up])

    def _give(self, own: Place, waiting: list[str]) -> None:
        with self.hold_sync():
            self.waiting = waiting
            self.own = own

    def _tell_observers(self) -> None:
        with self._moving:
            before, self._was_at = self._was_at, self.place()
            changes = changes_between(before, self._was_at)
        self._observers.notify(changes)

    @property
    def observers(self) -> Observers:
        """The observers of the view's moves."""
        return self._observers

    @property
    def capture(self) -> Capture:
        """The capture that the view shows."""
        return self.store.capture  # type: ignore[no-any-return]

    @property
    def shown_map(self) -> AttentionMap:
        """The attention map on screen."""
        return self.capture.maps[self.map]

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
        """The map, layer, heads and tokens of this view; assigning one moves it, and what moves with it."""
        return Selection(self)

    @describes_options(PLACE_OPTIONS, left_out=UNCHANGED)
    def select(self, **place: Unpack[PlaceKeywords]) -> Selection:
        """Move this view in one step; omitted keywords change nothing. See `Capture.select`.

        What the view follows moves with the capture, and so do all views that follow it.

        Raises
        ------
        ValueError
            The capture does not have this map, layer, head, token or sentence; then nothing moves.
        TypeError
            A keyword is unknown.
        """
        return select(self, place)

    @property
    def follow(self) -> bool:
        """Whether all of the view's place follows its capture, like the chain in its toolbar.

        Assign True to follow the capture from now on, or False to stay here, whatever moves the capture.
        """
        return set(self.own) <= set(self.waiting)

    @follow.setter
    def follow(self, value: bool) -> None:
        follow = check_switch("follow", value)
        self._give({} if follow else self.place(), [])


def _opened_at(capture: Capture, named: Mapping[str, Any]) -> tuple[str, int] | None:
    """Return the map and the layer that a call names; None if it names no layer."""
    return (named.get("map", next(iter(capture.maps))), named["layer"]) if "layer" in named else None


def show(capture: Capture, kind: ViewKind, options: Mapping[str, object]) -> View:
    """Return a view of a kind. It owns the place that the options name, and follows the capture in the rest."""
    now: Store | None = capture.__dict__.get("_store")
    checked = check_options(capture, kind, options, now.map if now else next(iter(capture.maps)))
    follow = checked.pop("follow", None)
    named = {name: checked.pop(name) for name in PLACE if name in checked}
    store = store_of(capture, _opened_at(capture, named))
    own, waiting = named_place(capture, store.place(), named, follow)
    if VIEWS[kind].has_grid:
        store.ensure_overview()
    return View(store, kind, **checked, own=own, waiting=waiting, decided=sorted(checked))
