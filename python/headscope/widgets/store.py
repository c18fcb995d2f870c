"""The Store: what all views of one capture share, and what sends them weights."""

from __future__ import annotations

import contextvars
import json
import threading
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import traitlets as t

from headscope.contract import CONTRACT_VERSION, MESSAGE_BYTES, MapInfo, PairFilter
from headscope.pyramid import Pyramid
from headscope.settings import settings
from headscope.widgets.answers import accepted, answer, encoded_bytes, failed, is_for_later, later, layer_blocks
from headscope.widgets.beside import BesideCells
from headscope.widgets.moves import SELECTION, Observers, SelectionChange
from headscope.widgets.texts import as_asked
from headscope.widgets.worker import Job, Worker

if TYPE_CHECKING:
    from headscope.attention import AttentionMap, Capture

STATIC = Path(__file__).parents[1] / "static"

BLOCK_BYTES = MESSAGE_BYTES // 4
"""The `block` traitlet is left empty for a layer larger than this; the page then asks for it piece by piece."""

OVERVIEW_BYTES = MESSAGE_BYTES * 5 // 8
"""The `overview` traitlet is left empty where it would be larger. What makes a Store known holds both, and its code."""

OVERVIEW_WEIGHTS = 64 * 1024 * 1024
"""A map with more weights than this gets its overview layer by layer, when a page asks: it takes seconds."""


class Store(BesideCells):
    """The selection of one capture, and in binary traitlets the weights that are on screen.

    A page that reloads, a second browser or a saved widget state shows the same picture without a request. Weights
    that are not on screen travel as custom messages in the same encoding, see `headscope.widgets.answers`.
    """

    _esm = STATIC / "store.js"

    contract = t.Int(CONTRACT_VERSION, read_only=True).tag(sync=True)
    """The version of the contract that this kernel speaks."""
    name = t.Unicode().tag(sync=True)
    """The capture's name, for people."""
    maps: t.List[MapInfo] = t.List().tag(sync=True, to_json=lambda maps, _: zlib.compress(json.dumps(maps).encode()))
    """Every attention map, as `headscope.contract.MapInfo`."""
    map = t.Unicode().tag(sync=True)
    """The name of the map on screen."""
    layer = t.Int(0).tag(sync=True)
    """The zero-based layer on screen."""
    heads = t.List(t.Int(), default_value=None, allow_none=True).tag(sync=True)
    """The zero-based heads on screen; None for all heads of the layer."""
    query = t.Int(None, allow_none=True).tag(sync=True)
    """The pinned query position."""
    key = t.Int(None, allow_none=True).tag(sync=True)
    """The pinned key position."""
    pair = t.Enum(PairFilter.__args__, default_value="all").tag(sync=True)  # type: ignore[attr-defined]
    """Which sentences of a pair are shown."""
    overview = t.CBytes().tag(sync=True)
    """Encoded overviews of every layer of the map on screen; empty until a view wants them."""
    block = t.CBytes().tag(sync=True)
    """The encoded block of the layer on screen, all heads; empty where it is too large for a traitlet."""
    total_bytes = t.Int(0).tag(sync=True)
    """The size of all blocks of all maps together, encoded."""
    subshells = t.Bool(True).tag(sync=True)
    """Whether pages are answered while a cell runs, where they can be; else after it. Readers' settings say so."""

    def __init__(self, capture: Capture) -> None:
        self._capture = capture
        self._lock = threading.RLock()
        self._pyramid = Pyramid(settings.cache())
        self._worker = Worker()
        self._moves = 0
        self.observers = Observers()
        """Who is told of moves, each time after the Store is free again: they may wait for other Stores."""
        self._from_page = False
        self._stale = True
        self._quiet = False
        self.heard_in: int | None = None
        """The thread in which a page was heard of last."""
        self._in_text = False
        """Whether a page takes weights faster as text: none are pushed then, it asks for them."""
        infos = [map_.info() for map_ in capture.maps.values()]
        total = sum(encoded_bytes(map_, layer) for map_ in capture.maps.values() for layer in range(map_.num_layers))
        super().__init__(name=capture.name, maps=infos, map=infos[0]["name"], total_bytes=total)
        self.on_msg(self._on_message)

    @property
    def capture(self) -> Capture:
        """Whose Store this is."""
        return self._capture

    @property
    def beside_cells(self) -> bool:
        """Whether messages may be handled while a cell runs."""
        return self.subshells

    @property
    def shown_map(self) -> AttentionMap:
        """The attention map on screen."""
        return self._capture.maps[self.map]

    def select(self, **changes: Any) -> None:
        """Move the selection in one step: every page gets the new place and its weights in one message.

        Raises
        ------
        ValueError
            A map, layer, head or position that the capture does not have.
        """
        with self._moving(), self.hold_sync():
            before = self.place()
            try:
                self._assign(changes)
            except t.TraitError as error:
                self._assign(before)
                raise ValueError(str(error)) from None
            except ValueError:
                self._assign(before)
                raise

    def place(self) -> dict[str, Any]:
        """Return what the selection is now, by name; heads are None for all."""
        return {name: getattr(self, name) for name in SELECTION}

    @contextmanager
    def _moving(self) -> Iterator[None]:
        """Tell observers once, at the end, of a move that may take several steps."""
        with self._lock:
            self._moves += 1
            before = self.place()
            try:
                yield
            finally:
                self._moves -= 1
                changes = [] if self._moves else _changes(before, self.place())
        self.observers.tell(changes)

    def _assign(self, values: dict[str, Any]) -> None:
        for name in SELECTION:  # the map first: the others are checked against it
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

    @t.validate("map")
    def _known_map(self, proposal: dict[str, Any]) -> str:
        name = cast("str", proposal["value"])
        if name not in self._capture.maps:
            raise ValueError(f"there is no attention map {name!r}; this capture has {', '.join(self._capture.maps)}")
        return name

    @t.validate("layer")
    def _known_layer(self, proposal: dict[str, Any]) -> int:
        return _within("layer", proposal["value"], self.shown_map.num_layers)

    @t.validate("heads")
    def _known_heads(self, proposal: dict[str, Any]) -> list[int] | None:
        heads, map_ = proposal["value"], self.shown_map
        if heads is None:
            return None
        if not heads:
            raise ValueError("heads is empty: name at least one head, or give None for all of them")
        most = max(map_.num_heads(layer) for layer in range(map_.num_layers))
        return sorted({_within("head", head, most) for head in heads})

    @t.validate("query", "key")
    def _known_position(self, proposal: dict[str, Any]) -> int | None:
        name, value = proposal["trait"].name, proposal["value"]
        tokens = self.shown_map.query_tokens if name == "query" else self.shown_map.key_tokens
        return None if value is None else _within(name, value, len(tokens))

    @t.observe("map")
    def _map_moved(self, _change: dict[str, Any]) -> None:
        """Let go of what the new map does not have."""
        map_ = self.shown_map
        self.layer = min(self.layer, map_.num_layers - 1)
        for name in ("heads", "query", "key"):
            self.set_trait(name, None)
        if map_.sentence_b_start is None:
            self.pair = "all"
        self.overview = b""

    @t.observe("map", "layer")
    def _selection_moved(self, _change: dict[str, Any]) -> None:
        self._stale = True
        if not self._from_page and self.comm is not None and not self._in_text:
            self.block = self._fresh_block()

    def _fresh_block(self) -> bytes:
        with self._lock:
            self._stale = False
            if encoded_bytes(self.shown_map, self.layer) > BLOCK_BYTES:
                return b""
            return b"".join(layer_blocks("block", self.shown_map, self.layer))

    def get_state(self, key: str | Iterable[str] | None = None, drop_defaults: bool = False) -> dict[str, Any]:
        """Return the synced state, with the block of the layer on screen."""
        wanted = key is None or key == "block" or (not isinstance(key, str) and "block" in key)
        if wanted and self._stale:
            with self._lock:
                self._quiet, block = True, self._fresh_block()
                try:
                    self.block = block
                finally:
                    self._quiet = False
        return cast("dict[str, Any]", super().get_state(key, drop_defaults))

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take what a page has changed. That page has the weights, or asks for them: none are pushed to it."""
        with self._moving():
            self._from_page = True
            try:
                super().set_state(sync_data)
            finally:
                self._from_page = False

    def _should_send_property(self, key: str, value: Any) -> bool:
        return not (self._quiet and key == "block") and bool(super()._should_send_property(key, value))

    def _on_message(self, _widget: object, content: dict[str, Any], _buffers: list[memoryview]) -> None:
        self.heard_in = threading.get_ident()
        self._in_text = self._in_text or bool(content.get("in_text"))
        if content.get("type") == "cancel":
            self._worker.cancel(str(content.get("id")))
        elif is_for_later(content):
            self._answer_later(content)
        else:
            for reply in answer(self._capture.maps, content, self._lock):
                self._tell(content, reply)

    def _tell(self, content: dict[str, Any], reply: Any) -> None:
        self.send(*as_asked(content, *reply))

    def _answer_later(self, content: dict[str, Any]) -> None:
        """Have a request answered by the worker: computing here would hold up other messages, or the user's cells."""
        maps, pyramid, id_ = self._capture.maps, self._pyramid, str(content.get("id"))
        try:
            self._tell(content, accepted(maps, content))
        except Exception as error:
            self._tell(content, failed(id_, error))
            return
        # Messages say which request they answer: what says so belongs to the thread that took the request.
        context = contextvars.copy_context()
        view = content.get("view")
        lane = (content["type"], content["request"].get("kind"), view) if view else None
        steps = partial(later, maps, pyramid, content)
        self._worker.add(
            Job(id_, lane, steps, lambda reply: context.run(self._tell, content, reply), partial(failed, id_))
        )

    @property
    def cache_bytes(self) -> int:
        """How many bytes of tiles and overviews the kernel keeps at most; a lower limit holds at once."""
        return self._pyramid.cache.max_bytes

    @cache_bytes.setter
    def cache_bytes(self, value: int) -> None:
        self._pyramid.cache.max_bytes = value

    @property
    def cached_nbytes(self) -> int:
        """How many bytes of tiles and overviews the kernel keeps now."""
        return self._pyramid.cache.nbytes

    def close(self) -> None:
        """Leave every page. Work for them ends, and what was kept for them is let go of."""
        self._worker.close()
        self._pyramid.cache.clear()
        super().close()


def _changes(before: dict[str, Any], after: dict[str, Any]) -> list[SelectionChange]:
    pairs = ((name, before[name], after[name]) for name in SELECTION)
    return [SelectionChange(name, old, new) for name, old, new in pairs if old != new]


def _within_bytes(parts: Iterable[bytes], most: int) -> bytes:
    """Return the parts joined, or nothing once they take more than `most` bytes."""
    joined = bytearray()
    for part in parts:
        joined += part
        if len(joined) > most:
            return b""
    return bytes(joined)


def _within(what: str, value: int, count: int) -> int:
    if not 0 <= value < count:
        raise ValueError(f"{what} {value} is out of range: this attention map has {count}, numbered 0 to {count - 1}")
    return value


def store_of(capture: Capture) -> Store:
    """Return the one Store of a capture, made at the first call."""
    store = capture.__dict__.get("_store")
    if store is None:
        store = capture.__dict__["_store"] = Store(capture)
    return cast("Store", store)
