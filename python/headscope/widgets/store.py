"""The store: the widget that all views of one capture share, and that sends them weights."""

from __future__ import annotations

import contextvars
import json
import threading
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast
from weakref import WeakSet

import traitlets as t

from headscope.contract import CONTRACT_VERSION, MESSAGE_BYTES, MapDescription, PairFilter
from headscope.data.descriptions import describe_maps
from headscope.data.maps import map_named
from headscope.data.notes import Notes, read_notes
from headscope.widgets.comm import encode_buffers
from headscope.widgets.observers import SELECTION, Observers, changes_between
from headscope.widgets.page_changes import CheckedWidget
from headscope.widgets.place import fitting, moved, valid_field, without
from headscope.widgets.settings import settings
from headscope.widgets.worker import Job, Worker
from headscope.wire.requests import (
    accepted_reply,
    deferred_replies,
    encoded_bytes,
    error_reply,
    immediate_replies,
    is_deferred,
    layer_blocks,
)
from headscope.wire.tile_cache import TileCache

if TYPE_CHECKING:
    from headscope.data.attention_map import AttentionMap
    from headscope.data.capture import Capture

STATIC = Path(__file__).parents[1] / "static"

BLOCK_BYTES = MESSAGE_BYTES // 4
"""Above this size, the whole state omits the block of a layer, and the page requests it in parts."""

OVERVIEW_BYTES = MESSAGE_BYTES * 5 // 8
"""Above this size, the `overview` traitlet is empty. The whole state contains overview, block and the code."""

OVERVIEW_WEIGHTS = 64 * 1024 * 1024
"""With more weights than this, overviews take seconds, so they are computed layer by layer on request."""


class Follower(Protocol):
    """A view of the capture, which may follow its moves."""

    def capture_moved(self, names: Collection[str]) -> None:
        """Take note of the fields of the capture's selection that have moved."""


class Store(CheckedWidget):
    """The selection of one capture, and the replies to pages' requests for its weights.

    A page requests the weights that it lacks, see `headscope.wire.requests`. Only the whole state, which a loading
    page or a saved notebook receives, contains the weights on screen, so that they are shown without a request.
    """

    FROM_PAGES = frozenset((*SELECTION, "notes", "subshells"))

    _esm = STATIC / "store.js"

    contract = t.Int(CONTRACT_VERSION, read_only=True).tag(sync=True)
    """The version of the contract in this kernel."""
    name = t.Unicode().tag(sync=True)
    """The display name of the capture."""
    maps: t.List[MapDescription] = t.List().tag(
        sync=True, to_json=lambda maps, _: zlib.compress(json.dumps(maps).encode())
    )
    """The description of every attention map, a `headscope.contract.MapDescription`."""
    map = t.Unicode().tag(sync=True)
    """The name of the map on screen."""
    layer = t.Int(0).tag(sync=True)
    """The zero-based layer on screen."""
    heads = t.List(t.Int(), default_value=None, allow_none=True).tag(sync=True)
    """The zero-based heads on screen; None for all heads of the layer."""
    query = t.Int(None, allow_none=True).tag(sync=True)
    """The zero-based pinned query position; None if none is pinned."""
    key = t.Int(None, allow_none=True).tag(sync=True)
    """The zero-based pinned key position; None if none is pinned."""
    pair = t.Enum(PairFilter.__args__, default_value="all").tag(sync=True)  # type: ignore[attr-defined]
    """Which sentences of a pair are shown."""
    overview = t.CBytes().tag(sync=True)
    """Encoded overviews of every layer of the map on screen; empty until a view needs them."""
    block = t.CBytes().tag(sync=True, to_json=lambda _, store: store.encoded_layer())
    """The encoded block of the layer on screen, in whole states and moves from Python; in Python only the layer's name.

    A page that has moved the selection itself requests the block instead.
    """
    total_bytes = t.Int(0).tag(sync=True)
    """The encoded size of all blocks of all maps."""
    notes = t.List(t.Dict()).tag(sync=True)
    """The notes on heads, each a `headscope.contract.PlacedNote`: those of `Capture.notes`, which pages change too."""
    subshells = t.Bool(True).tag(sync=True)
    """Whether to answer pages while a cell runs, if the kernel can, rather than after it. A JupyterLab setting."""

    def __init__(self, capture: Capture, opened_at: tuple[str, int] | None = None) -> None:
        self._capture = capture
        self._opened_at = opened_at
        self._lock = threading.RLock()
        self._tile_cache = TileCache(settings.cache())
        self._worker = Worker()
        self._moves = 0
        self.observers = Observers()
        """The observers of moves, called after the lock is released because they may wait for other stores."""
        self.followers: WeakSet[Follower] = WeakSet()
        """The views of the capture, which learn of a move before its observers."""
        self.last_message_thread: int | None = None
        """The thread that handled the last message from a page."""
        self._serves_text = False
        """Whether a page receives weights faster as text: such pages request every block."""
        infos = describe_maps(capture)
        total = sum(encoded_bytes(map_, layer) for map_ in capture.maps.values() for layer in range(map_.num_layers))
        first = next(iter(capture.maps.values()))
        layer = next(iter(first.layers), 0)
        block = _layer_name(*(opened_at or (first.name, layer)))
        super().__init__(name=capture.name, maps=infos, map=first.name, layer=layer, block=block, total_bytes=total)
        self.on_msg(self._on_message)
        self._show_notes()
        capture.notes.changed = self._show_notes

    @property
    def capture(self) -> Capture:
        """The capture of this store."""
        return self._capture

    @property
    def uses_subshells(self) -> bool:
        """Whether messages may be handled while a cell runs."""
        return self.subshells

    @property
    def shown_map(self) -> AttentionMap:
        """The attention map on screen."""
        return self._capture.maps[self.map]

    def move(self, **changes: Any) -> None:
        """Move the selection in one step; every page receives the new selection in one message.

        Raises
        ------
        ValueError
            The capture does not have the map, layer, head or position; then nothing moves.
        """
        with self._one_move(), self.hold_sync():
            before = self.place()
            try:
                self._assign(changes)
                if not self._serves_text:
                    self.block = _layer_name(self.map, self.layer)
            except t.TraitError as error:
                self._assign(before)
                raise ValueError(str(error)) from None

    def place(self) -> dict[str, Any]:
        """Return the selection by field name; `heads` is None for all heads."""
        return {name: getattr(self, name) for name in SELECTION}

    @contextmanager
    def _one_move(self) -> Iterator[None]:
        """Notify observers once, at the end of a move that may take several steps."""
        with self._lock:
            self._moves += 1
            before = self.place()
            try:
                yield
            finally:
                self._moves -= 1
                changes = [] if self._moves else changes_between(before, self.place())
                self._opened_at = None if changes else self._opened_at
        for follower in tuple(self.followers) if changes else ():
            follower.capture_moved({change.name for change in changes})
        self.observers.notify(changes)

    def _assign(self, values: dict[str, Any]) -> None:
        for name in SELECTION:  # in order: the map comes first, because the others are checked against it
            if name in values:
                setattr(self, name, values[name])

    def ensure_overview(self) -> None:
        """Fill the `overview` traitlet for the map on screen, unless that would take long."""
        map_ = self.shown_map
        weights = sum(map_.num_heads(layer) for layer in range(map_.num_layers))
        weights *= len(map_.query_tokens) * len(map_.key_tokens)
        if weights <= OVERVIEW_WEIGHTS:
            layers = (b"".join(layer_blocks("overview", map_, layer)) for layer in range(map_.num_layers))
            self.overview = _within_bytes(layers, OVERVIEW_BYTES)

    @t.validate(*SELECTION)
    def _known_field(self, proposal: dict[str, Any]) -> Any:
        name, value = proposal["trait"].name, proposal["value"]
        try:
            return valid_field(map_named(self._capture.maps, value if name == "map" else self.map), name, value)
        except ValueError as error:
            # Only this error makes traitlets take back what a page has sent.
            raise t.TraitError(str(error)) from None

    @t.observe("map")
    def _map_moved(self, _change: dict[str, Any]) -> None:
        """Reset the fields that do not fit the new map."""
        for name, value in fitting(self.shown_map, self.place()).items():
            self.set_trait(name, value)
        self.overview = b""

    def _show_notes(self) -> None:
        self.notes = [dict(note) for note in self._capture.notes.placed()]

    @t.validate("notes")
    def _valid_notes(self, proposal: dict[str, Any]) -> list[Any]:
        try:
            return Notes(self._capture.maps, read_notes(proposal["value"])).placed()
        except (ValueError, TypeError, LookupError) as error:
            # Only this error makes traitlets take back what a page has sent.
            raise t.TraitError(str(error)) from None

    @t.observe("notes")
    def _notes_moved(self, _change: object) -> None:
        if self.notes != self._capture.notes.placed():
            self._capture.notes.replace(read_notes(self.notes))

    def encoded_layer(self) -> bytes:
        """Return the block of the layer on screen with all heads; empty if it is too large for the whole state.

        Until something moves, that is the layer of the first view, which may have a place of its own.
        """
        with self._lock:
            name, layer = self._opened_at or (self.map, self.layer)
            map_ = self._capture.maps[name]
            if encoded_bytes(map_, layer) > BLOCK_BYTES:
                return b""
            return b"".join(layer_blocks("block", map_, layer))

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Apply a page's changes as one move."""
        with self._one_move():
            super().set_state(sync_data)

    def _checked_change(self, change: Mapping[str, Any]) -> dict[str, Any]:
        # The fields of a move are checked together, because the map decides which others there are.
        place = {name: change[name] for name in SELECTION if name in change}
        then = moved(self._capture.maps, self.place(), place)
        return super()._checked_change(without(change, place)) | {name: then[name] for name in place}

    def _on_message(self, _widget: object, content: dict[str, Any], _buffers: list[memoryview]) -> None:
        self.last_message_thread = threading.get_ident()
        self._serves_text = self._serves_text or bool(content.get("in_text"))
        if content.get("type") == "cancel":
            self._worker.cancel(str(content.get("id")))
        elif is_deferred(content):
            self._answer_later(content)
        else:
            for reply in immediate_replies(self._capture.maps, content, self._lock):
                self._reply(content, reply)

    def _reply(self, content: dict[str, Any], reply: Any) -> None:
        self.send(*encode_buffers(content, *reply))

    def _answer_later(self, content: dict[str, Any]) -> None:
        """Pass a request to the worker; computing here would delay other messages or the user's cells."""
        maps, cache, id_ = self._capture.maps, self._tile_cache, str(content.get("id"))
        try:
            self._reply(content, accepted_reply(maps, content))
        except Exception as error:
            self._reply(content, error_reply(id_, error))
            return
        # A reply names its request through a context variable, which is set in the thread that received the request.
        context = contextvars.copy_context()
        view = content.get("view")
        lane = (content["type"], content["request"].get("kind"), view) if view else None
        answers = deferred_replies(maps, cache, content)
        self._worker.add(
            Job(id_, lane, answers, lambda reply: context.run(self._reply, content, reply), partial(error_reply, id_))
        )

    @property
    def cache_bytes(self) -> int:
        """The most bytes of tiles and overviews that the kernel caches; a lower limit takes effect at once."""
        return self._tile_cache.lru.max_bytes

    @cache_bytes.setter
    def cache_bytes(self, value: int) -> None:
        self._tile_cache.lru.max_bytes = value

    @property
    def cached_nbytes(self) -> int:
        """The bytes of tiles and overviews in the cache."""
        return self._tile_cache.lru.nbytes

    def close(self) -> None:
        """Close the widget on all pages, cancel their requests and clear the cache."""
        self._worker.close()
        self._tile_cache.lru.clear()
        super().close()


def _layer_name(map_name: str, layer: int) -> bytes:
    return f"{map_name} {layer}".encode()


def _within_bytes(parts: Iterable[bytes], most: int) -> bytes:
    """Return the joined parts, or an empty string if they exceed `most` bytes."""
    joined = bytearray()
    for part in parts:
        joined += part
        if len(joined) > most:
            return b""
    return bytes(joined)


def store_of(capture: Capture, opened_at: tuple[str, int] | None = None) -> Store:
    """Return the store of a capture, which the first call creates with the weights of a layer of a map."""
    store = capture.__dict__.get("_store")
    if store is None:
        store = capture.__dict__["_store"] = Store(capture, opened_at)
    return cast("Store", store)
