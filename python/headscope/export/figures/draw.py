"""Draw figures: run the views' own drawing code in a JavaScript engine, and give it the weights that it asks for."""

from __future__ import annotations

import atexit
import ctypes
import json
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from headscope.export.figures.needed import figure_package
from headscope.wire.lru import ByteLru
from headscope.wire.requests import deferred_replies, immediate_replies, is_deferred
from headscope.wire.tile_cache import TileCache

if TYPE_CHECKING:
    from headscope.data.attention_map import AttentionMap

CODE = Path(__file__).parents[2] / "static" / "figure.js"

CACHE_BYTES = 64 * 1024 * 1024
"""The memory for tiles and overviews while one figure is drawn."""

_drawing = Lock()
"""Held while the engine draws: all figures of a process share it, because starting one takes a while."""


@dataclass(frozen=True)
class Drawing:
    """A figure as a whole SVG file; its size is in pixels, of which 96 are an inch."""

    svg: str
    width: float
    height: float


@cache
def _engine() -> Any:
    """Return the JavaScript engine with the drawing code.

    It is made in a thread of its own, where no event loop runs: it would choose that loop, such as a notebook's, and
    could be used neither after the loop has ended nor by other threads while a cell runs.
    """
    with ThreadPoolExecutor(1) as pool:
        engine = pool.submit(figure_package("py_mini_racer").MiniRacer).result()
    engine.eval(CODE.read_text(encoding="utf-8"))
    # While the interpreter clears up, the engine's thread may end before it answers, and closing would wait forever.
    atexit.register(_close)
    _engines.append(engine)
    return engine


_engines: list[Any] = []
"""The engine, once there is one."""


def _close() -> None:
    """Close the engine, and let another be made if a figure is drawn still later."""
    _engine.cache_clear()
    while _engines:
        _engines.pop().close()


def _start_anew() -> None:
    """Forget the engine in a process that was forked from one that has drawn.

    The engine's threads do not exist there: it would never answer, not even to being closed. So it must not be freed,
    either.
    """
    global _drawing
    for engine in _engines:
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(engine))
    _engines.clear()
    _engine.cache_clear()
    _drawing = Lock()


if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(after_in_child=_start_anew)


def draw(spec: Mapping[str, Any], captures: Sequence[Mapping[str, AttentionMap]]) -> Drawing:
    """Draw a figure.

    Parameters
    ----------
    spec
        The figure in the words of `src/figure/spec.ts`.
    captures
        The attention maps of each capture of the figure, by name.

    Raises
    ------
    ModuleNotFoundError
        The extra `figures` is not installed.
    RuntimeError
        The figure can't be drawn.
    """
    caches = [TileCache(ByteLru(CACHE_BYTES)) for _ in captures]
    with _drawing:
        engine = _engine()
        engine.eval(f"var figure = new headscopeFigure.FigureEngine({json.dumps(json.dumps(spec))})")
        try:
            while True:
                answer = json.loads(engine.eval("figure.draw()"))
                if "file" in answer:
                    file = answer["file"]
                    return Drawing(file["text"], file["width"], file["height"])
                for need in answer["needs"]:
                    at = need["capture"]
                    _put(engine, need, frames_of(captures[at], caches[at], need))
        finally:
            engine.eval("figure = null")


def frames_of(maps: Mapping[str, AttentionMap], cache: TileCache, need: Mapping[str, Any]) -> bytes:
    """Return the frames that answer a need, which is a page's request in other clothes."""
    content = {"type": need["type"], "id": "figure", "view": "figure", "request": need["request"]}
    replies = (
        deferred_replies(maps, cache, content)
        if is_deferred(content)
        else immediate_replies(maps, content, nullcontext())
    )
    frames: list[bytes] = []
    for reply in replies:
        if reply is None:
            continue
        message, parts = reply
        if message["type"] == "error":
            raise RuntimeError(message["message"])
        frames += parts
    return b"".join(chain(frames))


def _put(engine: Any, need: Mapping[str, Any], frames: bytes) -> None:
    """Copy frames into the engine's own memory."""
    engine.eval(f"var frames = new ArrayBuffer({len(frames)})")
    if frames:
        memoryview(engine.eval("new Uint8Array(frames)"))[:] = frames
    engine.eval(f"figure.put({json.dumps(json.dumps(need))}, frames); frames = null; 0")
