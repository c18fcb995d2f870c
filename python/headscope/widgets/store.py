"""The store: the widget that all views of one capture share, and that sends them weights."""

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

from headscope.contract import CONTRACT_VERSION, MESSAGE_BYTES, MapDescription, PairFilter
from headscope.data.capture import map_named
from headscope.data.descriptions import describe_maps
from headscope.ranges import check_within
from headscope.widgets.comm import encode_buffers
from headscope.widgets.observers import SELECTION, Observers, SelectionChange
from headscope.widgets.requests import (
    accepted_reply,
    deferred_replies,
    encoded_bytes,
    error_reply,
    immediate_replies,
    is_deferred,
    layer_blocks,
)
from headscope.widgets.settings import settings
from headscope.widgets.subshells import SubshellWidget
from headscope.widgets.worker import Job, Worker
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


class Store(SubshellWidget):
    """The selection of one capture, and the replies to pages' requests for its weights.

    A page requests the weights that it lacks, see `headscope.widgets.requests`. Only the whole state, which a loading
    page or a saved notebook receives, contains the weights on screen, so that they are shown without a request.
    """

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
    subshells = t.Bool(True).tag(sync=True)
    """Whether to answer pages while a cell runs, if the kernel can, rather than after it. A JupyterLab setting."""

    def __init__(self, capture: Capture) -> None:
        self._capture = capture
        self._lock = threading.RLock()
        self._tile_cache = TileCache(settings.cache())
        self._worker = Worker()
        self._moves = 0
        self.observers = Observers()
        """The observers of moves, called after the lock is released because they may wait for other stores."""
        self.last_message_thread: int | None = None
        """The thread that handled the last message from a page."""
        self._serves_text = False
        """Whether a page receives weights faster as text: such pages request every block."""
        infos = describe_maps(capture)
        total = sum(encoded_bytes(map_, layer) for map_ in capture.maps.values() for layer in range(map_.num_layers))
        first = infos[0]["name"]
        super().__init__(name=capture.name, maps=infos, map=first, block=_layer_name(first, 0), total_bytes=total)
        self.on_msg(self._on_message)

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

    def select(self, **changes: Any) -> None:
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
            except ValueError:
                self._assign(before)
                raise

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
                changes = [] if self._moves else _changes(before, self.place())
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

    @t.validate("map")
    def _known_map(self, proposal: dict[str, Any]) -> str:
        return map_named(self._capture.maps, proposal["value"]).name

    @t.validate("layer")
    def _known_layer(self, proposal: dict[str, Any]) -> int:
        return check_within(proposal["value"], self.shown_map.num_layers, "layer")

    @t.validate("heads")
    def _known_heads(self, proposal: dict[str, Any]) -> list[int] | None:
        heads, map_ = proposal["value"], self.shown_map
        if heads is None:
            return None
        if not heads:
            raise ValueError("heads is empty: name at least one head, or give None for all of them")
        most = max(map_.num_heads(layer) for layer in range(map_.num_layers))
        return sorted({check_within(head, most, "head") for head in heads})

    @t.validate("query", "key")
    def _known_position(self, proposal: dict[str, Any]) -> int | None:
        name, value = proposal["trait"].name, proposal["value"]
        tokens = self.shown_map.query_tokens if name == "query" else self.shown_map.key_tokens
        return None if value is None else check_within(value, len(tokens), name)

    @t.observe("map")
    def _map_moved(self, _change: dict[str, Any]) -> None:
        """Reset the fields that do not fit the new map."""
        map_ = self.shown_map
        self.layer = min(self.layer, map_.num_layers - 1)
        for name in ("heads", "query", "key"):
            self.set_trait(name, None)
        if map_.sentence_b_start is None:
            self.pair = "all"
        self.overview = b""

    def encoded_layer(self) -> bytes:
        """Return the block of the layer on screen with all heads; empty if it is too large for the whole state."""
        with self._lock:
            if encoded_bytes(self.shown_map, self.layer) > BLOCK_BYTES:
                return b""
            return b"".join(layer_blocks("block", self.shown_map, self.layer))

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Apply a page's changes as one move."""
        with self._one_move():
            super().set_state(sync_data)

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


def _changes(before: dict[str, Any], after: dict[str, Any]) -> list[SelectionChange]:
    pairs = ((name, before[name], after[name]) for name in SELECTION)
    return [SelectionChange(name, old, new) for name, old, new in pairs if old != new]


def _within_bytes(parts: Iterable[bytes], most: int) -> bytes:
    """Return the joined parts, or an empty string if they exceed `most` bytes."""
    joined = bytearray()
    for part in parts:
        joined += part
        if len(joined) > most:
            return b""
    return bytes(joined)


def store_of(capture: Capture) -> Store:
    """Return the store of a capture, which the first call creates."""
    store = capture.__dict__.get("_store")
    if store is None:
        store = capture.__dict__["_store"] = Store(capture)
    return cast("Store", store)
