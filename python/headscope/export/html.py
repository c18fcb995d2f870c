"""Standalone HTML pages: a view, its code and its weights in one file that needs neither network nor kernel."""

from __future__ import annotations

import base64
import gzip
import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from headscope.contract import OVERVIEW_BINS, BlockKind, Dtype, ViewKind
from headscope.data.attention_map import has_overviews
from headscope.data.check_options import check_options, check_view
from headscope.data.composed import COMPOSED, PARTS
from headscope.data.descriptions import noted_maps
from headscope.data.layers import why_no_vectors
from headscope.export.reading import how_to_read
from headscope.export.texts import check_text
from headscope.keywords import describes_options
from headscope.options import DEFAULTS, VIEWS, options_of
from headscope.wire.blocks import encode_block
from headscope.wire.vectors import layer_bytes, layer_frames

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from headscope.data.attention_map import AttentionMap
    from headscope.data.capture import Capture
    from headscope.view_keywords import ExplorerKeywords

STATIC = Path(__file__).parents[1] / "static"

EXACT_BYTES = 2 * 1024 * 1024
"""With precision "auto", a page holds weights as decimal16 up to this size, and above it as sqrt8, in 1 byte each."""

FAST_BYTES = 4 * 1024 * 1024
"""Above this size a layer is compressed for speed rather than size."""

VECTOR_BYTES = 16 * 1024 * 1024
"""The explorer's page holds queries and keys up to this size; the neuron view's page always holds them."""

EXACT_VECTOR_BYTES = 8 * 1024 * 1024
"""Up to this size a page also holds exact weights beside queries and keys, against which it checks its softmax."""

Precision = Literal["auto", "decimal16", "sqrt8"]

SCHEMES = {"auto": "light dark", "light": "light", "dark": "dark"}

TEMPLATE = """<!doctype html>
<html lang="en" style="color-scheme: {scheme}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title></head>
<body>
<style>{css}{page_css}</style>
{header}
<main class="hs-page">
{roots}
</main>
{how}
{infos}
{first}
<script>{code}{mounts}</script>
{rest}
</body>
</html>
"""

PAGE_CSS = """
body{margin:12px 16px;font-family:system-ui,sans-serif}
.hs-page{display:flex;flex-wrap:wrap;gap:12px 20px}
.hs-page>*{flex:1 1 420px;min-width:0}
.hs-page-title{margin:0 0 4px;font-size:20px;font-weight:600}
.hs-page-caption{max-width:76ch;margin:0 0 12px;line-height:1.5}
.hs-page-how{max-width:76ch;margin:12px 0 0;font-size:14px;line-height:1.5}
.hs-page-how p{margin:6px 0}
"""
"""The style of what is around the views."""


@dataclass(frozen=True)
class PageView:
    """A view as a part of a page."""

    view: ViewKind
    root: str
    """The id of its element."""
    info: Mapping[str, Any]
    """What `src/page/page.ts` reads."""
    first: Sequence[str]
    """The elements with what its first picture needs, and with the rest."""
    rest: Sequence[str]


@describes_options(options_of("explorer"))
def standalone_html(
    capture: Capture,
    view: ViewKind = "head",
    *,
    precision: Precision = "auto",
    title: str | None = None,
    caption: str | None = None,
    **options: Unpack[ExplorerKeywords],
) -> str:
    """Return a complete, interactive HTML page of one view of a capture; it needs neither network nor kernel.

    Parameters
    ----------
    capture
        The capture to show. The page holds all its attention maps, with the included layers and all their heads.
    view
        `"head"` (default), `"model"`, `"matrix"`, `"neuron"`, `"text"` or `"explorer"`.
    precision
        `"decimal16"` keeps three digits of each weight. `"sqrt8"` keeps two digits in half the bytes, and the page
        marks its numbers as approximate. `"auto"` (default) chooses decimal16 for up to 2 MiB of weights.
    title
        The heading of the page; by default, the name of the capture. `""` for none.
    caption
        A paragraph under the heading; none by default.

    Raises
    ------
    TypeError
        An option is unknown; the message names the most similar one.
    ValueError
        An option has a value that does not exist or that this capture does not have.
    """
    part = page_view(capture, view, options, precision)
    return page_html([part], title=f"{capture.name}: attention" if title is None else title, caption=caption)


def page_view(
    capture: Capture,
    view: ViewKind,
    options: Mapping[str, object],
    precision: Precision = "auto",
    link: str = "",
) -> PageView:
    """Return a view as a part of a page; `link` begins its part of the page's address, if there are several views.

    Raises
    ------
    TypeError
        An option is unknown; the message names the most similar one.
    ValueError
        An option has a value that does not exist or that this capture does not have.
    """
    check_view(view)
    if precision not in Precision.__args__:  # type: ignore[attr-defined]
        raise ValueError(f"precision is {precision!r}; it can be 'auto', 'decimal16' or 'sqrt8'")
    shown = next(iter(capture.maps))
    given = check_options(capture, view, options, shown, "standalone_html")
    given.pop("follow", None)  # a page has no capture to follow
    start = {"map": shown, "layer": next(iter(capture.maps[given.get("map", shown)].layers), 0)}
    info: dict[str, Any] = DEFAULTS | start | given | {"name": capture.name, "view": view, "link": link}
    info["maps"] = noted_maps(capture)
    vectors = _vector_layers(capture, info)
    page = f"headscope-{uuid.uuid4().hex[:12]}"
    first, rest = _ordered_parts(capture, page, info, precision)
    return PageView(view, page, info, first, rest + _vector_parts(page, vectors))


def page_html(views: Sequence[PageView], *, title: str, caption: str | None = None) -> str:
    """Return a page of views side by side, under a heading and over an explanation of how to read them.

    Raises
    ------
    TypeError, ValueError
        The title or the caption is not a text that can be written.
    """
    check_text("title", title)
    check_text("caption", caption)
    header = [f'<h1 class="hs-page-title">{escape(title)}</h1>'] if title else []
    if caption:
        header.append(f'<p class="hs-page-caption">{escape(caption)}</p>')
    infos = (
        f'<script type="application/json" id="{view.root}-info">'
        f"{_script_safe(json.dumps(view.info, separators=(',', ':')))}</script>"
        for view in views
    )
    return TEMPLATE.format(
        title=escape(title or "Attention"),
        scheme=SCHEMES[views[0].info["theme"]],
        css=_asset("widget.css"),
        page_css=PAGE_CSS,
        header="\n".join(header),
        roots="\n".join(f'<div id="{view.root}"></div>' for view in views),
        how=_how_to_read(views),
        infos="\n".join(infos),
        code=_asset("page.js"),
        mounts="".join(f'headscope.mount("{view.root}");' for view in views),
        first="\n".join(part for view in views for part in view.first),
        rest="\n".join(part for view in views for part in view.rest),
    )


def _how_to_read(views: Sequence[PageView]) -> str:
    paragraphs = dict.fromkeys(text for view in views for text in how_to_read(view.view))
    texts = "".join(f"<p>{escape(text)}</p>" for text in paragraphs)
    return f'<details class="hs-page-how"><summary>How to read this</summary>{texts}</details>'


def _ordered_parts(
    capture: Capture, page: str, info: dict[str, Any], precision: Precision
) -> tuple[list[str], list[str]]:
    """Return the parts that the first rendering needs, and the others."""
    first: list[str] = []
    rest: list[str] = []
    layers = {name: _layers(map_, info["include_layers"]) for name, map_ in capture.maps.items()}
    dtype = _dtype(capture, layers, precision)
    shown = PARTS if info["map"] == COMPOSED else (info["map"],)
    for kind in _kinds(info["view"]):
        for name, map_ in capture.maps.items():
            if kind == "overview" and not has_overviews(map_):
                continue
            grid = VIEWS[info["view"]].has_grid and (kind == "overview" or not has_overviews(map_))
            for layer in layers[name]:
                now = name in shown and (grid or layer == info["layer"])
                (first if now else rest).append(_part(page, kind, map_, layer, dtype))
    return first, rest


def _vector_layers(capture: Capture, info: dict[str, Any]) -> list[tuple[AttentionMap, int]]:
    """Return the layers whose queries and keys the page will hold; for the others, write the reason into `info`."""
    if info["view"] not in ("neuron", "explorer"):
        return []
    held = [(map_, layer) for map_ in capture.maps.values() for layer in _layers(map_, info["include_layers"])]
    held = [(map_, layer) for map_, layer in held if not why_no_vectors(map_.records[layer])]
    size = sum(layer_bytes(*place)[0] for place in held)
    if info["view"] == "neuron" or size <= VECTOR_BYTES:
        return held
    reason = (
        f"This page holds no queries and keys, because they would take {size / 1e6:.0f} MB. A page of the neuron view "
        "holds them, and so does a page of fewer layers (include_layers=)."
    )
    for described in info["maps"]:
        described["no_vectors"] = [already or reason for already in described["no_vectors"]]
    return []


def _vector_parts(page: str, layers: Sequence[tuple[AttentionMap, int]]) -> list[str]:
    """Return the elements that carry queries and keys, one per layer."""
    exact = sum(layer_bytes(*place)[1] for place in layers) <= EXACT_VECTOR_BYTES
    return [
        _carrier(f"{page}-vectors-{map_.name}-{layer}", b"".join(layer_frames(map_, layer, exact)))
        for map_, layer in layers
    ]


def _kinds(view: ViewKind) -> tuple[BlockKind, ...]:
    return ("overview", "block") if VIEWS[view].has_grid else ("block",)


def _layers(map_: AttentionMap, include_layers: Sequence[int]) -> list[int]:
    return [layer for layer in range(map_.num_layers) if not include_layers or layer in include_layers]


def _dtype(capture: Capture, layers: dict[str, list[int]], precision: Precision) -> Dtype:
    if precision != "auto":
        return precision
    weights = sum(
        len(map_.query_tokens) * len(map_.key_tokens) * map_.num_heads(layer)
        for name, map_ in capture.maps.items()
        for layer in layers[name]
    )
    return "decimal16" if 2 * weights <= EXACT_BYTES else "sqrt8"


def _part(page: str, kind: BlockKind, map_: AttentionMap, layer: int, dtype: Dtype) -> str:
    """Return the element that carries one layer; `src/sources/embedded.ts` reads it."""
    return _carrier(f"{page}-{kind}-{map_.name}-{layer}", b"".join(_blocks(kind, map_, layer, dtype)))


def _carrier(id_: str, frames: bytes) -> str:
    """Return an element that carries gzipped bytes in base64."""
    return f'<script type="text/plain" id="{escape(id_)}">{base64.b64encode(_packed(frames)).decode()}</script>'


def _packed(blocks: bytes) -> bytes:
    return gzip.compress(blocks, 1 if len(blocks) > FAST_BYTES else 6, mtime=0)


def _blocks(kind: BlockKind, map_: AttentionMap, layer: int, dtype: Dtype) -> Iterator[bytes]:
    """Yield a block for each head of a layer, so that only one head's weights are in memory at a time."""
    spans: dict[str, Any] = {"queries": (0, len(map_.query_tokens)), "keys": (0, len(map_.key_tokens))}
    for head in range(map_.num_heads(layer)):
        values = map_.block(layer, [head]) if kind == "block" else map_.overview(layer, [head], OVERVIEW_BINS)
        yield encode_block(values, map=map_.name, layer=layer, heads=[head], kind=kind, dtype=dtype, **spans)


@cache
def _asset(name: str) -> str:
    return (STATIC / name).read_text(encoding="utf-8")


def _script_safe(text: str) -> str:
    """Return JSON in which no token can close the surrounding script element."""
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
