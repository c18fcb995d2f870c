"""The static picture of a view, for GitHub, nbviewer and printed notebooks; made when the view is displayed.

It is drawn without a browser within milliseconds, so it is plainer than the view: lines, heat maps or shaded text in a
light theme. It shows all weights and ignores the view's reading aids.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from headscope.data.thumbnail import Pool
from headscope.export.snapshot.ink import (
    FAINT,
    INK,
    LETTER,
    LINE,
    Lines,
    Rgb,
    Sheet,
    fitted,
    head_color,
    heat_colors,
    widest,
)
from headscope.export.snapshot.scales import end_of, line_opacities, scale_of, scaled
from headscope.options import AIDS, DEFAULTS, VIEWS
from headscope.wire.blocks import decode_blocks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from headscope.data.attention_map import AttentionMap
    from headscope.export.shown_view import ShownView

TOKENS = 40
"""The most tokens of each side that are drawn in lines or along the axes of a heat map."""

WORDS = 400
"""The most tokens that are drawn as running text."""

ROW = 18
EDGES = 300
"""The most lines that are drawn, strongest first."""

FAINTEST = 1 / 128
LINE_WIDTH = 1.8
MARGIN = 12
MAX_LETTERS = 16
SPAN = 220
"""The distance between the two columns of tokens, in CSS pixels."""


@dataclass(frozen=True)
class Picture:
    """A PNG file, its size in CSS pixels, and its alternative text."""

    png: bytes
    width: int
    height: int
    alt: str


@dataclass(frozen=True)
class Part:
    """A part of a picture: its size in CSS pixels, and a function that draws it at (x, y) on a sheet."""

    width: int
    height: int
    draw: Callable[[Sheet, int, int], None]


def picture_of(view: ShownView, most: int) -> Picture | None:
    """Return a picture of what a view shows, at half the resolution if it would exceed `most` bytes.

    Returns None if the selected layer was left out of the capture.
    """
    map_ = view.shown_map
    if view.layer not in map_.layers:
        return None
    parts = [part for part in _parts(view, map_) if part is not None]
    title, notes = _title(view, map_), _notes(view, map_)
    letters = max(len(line) for line in (title, *notes))
    inner = sum(part.width for part in parts) + 2 * MARGIN * (len(parts) - 1)
    width = 2 * MARGIN + min(max(inner, LETTER * letters), 1000)
    notes_at = 2 * MARGIN + LINE + max(part.height for part in parts)
    sheet = Sheet(max(width, inner + 2 * MARGIN), notes_at + LINE * len(notes) + MARGIN)
    sheet.write(MARGIN, MARGIN, title)
    x = MARGIN
    for part in parts:
        part.draw(sheet, x, 2 * MARGIN + LINE)
        x += part.width + 2 * MARGIN
    for line, note in enumerate(notes):
        sheet.write(MARGIN, notes_at + LINE * line + MARGIN // 2, note, FAINT)
    return Picture(sheet.png(most), sheet.width, sheet.height, title)


def _parts(view: ShownView, map_: AttentionMap) -> list[Part | None]:
    if view.view == "model":
        return [_grid(view) or _lines(view, map_)]
    if view.view == "explorer":
        detail = {"matrix": _heat, "text": _text}.get(view.tab, _lines)
        return [_grid(view), detail(view, map_)]
    return [{"matrix": _heat, "text": _text}.get(view.view, _lines)(view, map_)]


def _title(view: ShownView, map_: AttentionMap) -> str:
    heads, count = view.heads, map_.num_heads(view.layer)
    which = f"head {heads[0]}" if len(heads) == 1 else f"heads {', '.join(map(str, heads))}"
    which = f"all {count} heads" if len(heads) == count > 1 else which
    label = f", {map_.label}" if len(view.store.maps) > 1 else ""
    name = ", ".join(fitted(text, 60).replace("␣", " ") for text in (view.store.name, view.sample) if text)
    return f"{VIEWS[view.view].title}: {name}{label}, layer {view.layer}, {which}"


def _notes(view: ShownView, map_: AttentionMap) -> list[str]:
    most = WORDS if view.view == "text" else TOKENS
    cut = [
        f"{most} of {len(tokens)} {side} tokens"
        for side, tokens in (("query", map_.query_tokens), ("key", map_.key_tokens))
        if len(tokens) > most
    ]
    aided = any(getattr(view, name) != DEFAULTS[name] for name in AIDS) or view.pair != "all"
    notes = [f"Shown: {' and '.join(cut)}."] if cut else []
    if aided:
        notes.append("All weights, without the view's reading aids.")
    return [*notes, "A static picture. Run the cell to explore it with Headscope."]


def _window(count: int, pinned: int | None, most: int = TOKENS) -> slice:
    """Return the positions to draw: the first ones, or those around the pinned position."""
    start = min(max(0, (pinned or 0) - most // 2), max(0, count - most))
    return slice(start, min(count, start + most))


def _lines(view: ShownView, map_: AttentionMap) -> Part:
    """Return lines from queries to keys; the colour shows the head, the opacity the weight by the view's scale."""
    rows, columns = _window(len(map_.query_tokens), view.query), _window(len(map_.key_tokens), view.key)
    heads = view.heads[:1] if view.view == "neuron" else view.heads
    weights = np.nan_to_num(map_.block(view.layer, heads, rows, columns))  # (H, nq, nk)
    if view.query is not None and rows.start <= view.query < rows.stop:
        weights[:, np.arange(rows.start, rows.stop) != view.query] = 0
    queries = [fitted(token, MAX_LETTERS) for token in map_.query_tokens[rows]]
    keys = [fitted(token, MAX_LETTERS) for token in map_.key_tokens[columns]]
    left, right = widest([*queries, "query"]), widest([*keys, "key"])
    height = ROW * max(len(queries), len(keys))
    colors = np.array([head_color(head, map_.num_heads(view.layer)) for head in heads], dtype=np.float32)
    scale, is_beside = scale_of(view, map_, lines=True)
    end = end_of(weights, weights, view.sink_share if is_beside else None)
    lines = _strongest(line_opacities(weights, scale, view.gain, end, height / LINE_WIDTH), colors)

    def draw(sheet: Sheet, x: int, y: int) -> None:
        sheet.write(x + left, y, "query", FAINT, right=True)
        sheet.write(x + left + SPAN + 12, y, "key", FAINT)
        top = y + ROW
        sheet.lines(x + left + 6, top, SPAN, height, lines)
        _column(sheet, x + left, top, queries, rows.start, map_.query_special, view.query, right=True)
        _column(sheet, x + left + SPAN + 12, top, keys, columns.start, map_.key_special, view.key)

    return Part(left + SPAN + right + 12, height + ROW, draw)


def _strongest(opacity: NDArray[np.float32], colors: NDArray[np.float32]) -> Lines:
    """Return the visible lines, at most EDGES, the strongest; `opacity` has the shape (heads, queries, keys)."""
    strong = np.flatnonzero(opacity >= FAINTEST)
    if len(strong) > EDGES:
        strong = strong[np.argpartition(opacity.ravel()[strong], -EDGES)[-EDGES:]]
    head, query, key = np.unravel_index(strong, opacity.shape)
    ends = (np.stack([query, key], axis=1) * ROW + ROW / 2).astype(np.float32)
    return Lines(ends, np.minimum(opacity.ravel()[strong], 1), colors[head])


def _column(
    sheet: Sheet,
    x: int,
    y: int,
    tokens: list[str],
    start: int,
    special: tuple[int, ...],
    pinned: int | None,
    *,
    right: bool = False,
) -> None:
    for row, token in enumerate(tokens):
        at = start + row
        if at == pinned:
            wide = LETTER * len(token) + 6
            sheet.fill(x - (wide - 3 if right else 3), y + ROW * row, wide, ROW, (255, 236, 179))
        sheet.write(x, y + ROW * row + (ROW - LINE) / 2, token, FAINT if at in special else INK, right=right)


HEAT_SIDE = 300


def _heat(view: ShownView, map_: AttentionMap) -> Part:
    """Return heat maps of the selected heads, or of their mean or sum, with queries down and keys across."""
    rows, columns = _window(len(map_.query_tokens), view.query), _window(len(map_.key_tokens), view.key)
    weights = by_head = map_.block(view.layer, view.heads, rows, columns)
    names = [f"head {head}" for head in view.heads]
    if view.combine != "each":
        weights = (weights.mean(0) if view.combine == "mean" else weights.sum(0))[None]
        names = [f"{view.combine} of {len(names)} heads"]
    across = min(4, len(names))
    labels = [fitted(token, MAX_LETTERS) for token in map_.query_tokens[rows]] if len(names) == 1 else []
    side = min(ROW * max(weights.shape[1:]), 2 * HEAT_SIDE) if labels else max(48, min(HEAT_SIDE, 640 // across))
    aspect = weights.shape[1] / weights.shape[2]
    width, height = (side, max(8, round(side * aspect))) if aspect <= 1 else (max(8, round(side / aspect)), side)
    margin = widest(labels) + 6 if labels else 0
    scale, is_beside = scale_of(view, map_)
    top = end_of(weights, by_head, view.sink_share if is_beside else None)

    def draw(sheet: Sheet, x: int, y: int) -> None:
        for index, (name, values) in enumerate(zip(names, weights, strict=True)):
            left = x + margin + (index % across) * (width + MARGIN)
            above = y + (index // across) * (height + LINE + MARGIN)
            sheet.write(left, above, name, FAINT)
            sheet.heat(left, above + LINE, width, height, heat_colors(scaled(values / np.float32(top), scale)))
        step = height / max(1, len(labels))
        for row, label in enumerate(labels if step >= LINE - 3 else []):
            sheet.write(x + margin - 6, y + LINE + step * row + (step - LINE) / 2, label, right=True)

    down = -(-len(names) // across)
    return Part(margin + across * (width + MARGIN) - MARGIN, down * (height + LINE + MARGIN), draw)


GRID_WIDTH = 480


BINS = 16
"""The bins per axis to which a head is pooled."""


def _pooled(values: NDArray[np.float32]) -> NDArray[np.float32]:
    pool = Pool(len(values), values.shape[1], values.shape[2], BINS)
    pool.add(range(values.shape[1]), values)
    return pool.values


def overviews_of(view: ShownView) -> dict[int, NDArray[np.float32]]:
    """Return the overviews of the selected map that the store holds, by layer, each (heads, bins, bins)."""
    store = view.store
    rows: dict[int, NDArray[np.float32]] = {}
    for header, values in decode_blocks(store.overview):
        if header["map"] == view.map:
            known = rows.get(header["layer"])
            rows[header["layer"]] = values if known is None else np.concatenate([known, values])
    return rows


def _grid(view: ShownView) -> Part | None:
    """Return a small heat map of every head of every layer; None if there are no overviews yet."""
    rows = {layer: _pooled(values) for layer, values in overviews_of(view).items() if _included(view, layer)}
    if not rows:
        return None
    chosen = view.include_heads or range(max(map(len, rows.values())))
    side = max(8, min(36, GRID_WIDTH // max(1, len(chosen)) - 2))
    margin = LETTER * 3
    step = max(side + 2, 10)
    large = step >= LETTER * 2 + 2

    def draw(sheet: Sheet, x: int, y: int) -> None:
        for column, head in enumerate(chosen):
            if large or column % 4 == 0:
                sheet.write(x + margin + column * step, y, str(head), FAINT)
        for row, (layer, values) in enumerate(sorted(rows.items())):
            above = y + LINE + row * step
            if step >= LINE or row % 2 == 0:
                sheet.write(x + margin - 5, above + (side - LINE) / 2, str(layer), FAINT, right=True)
            for column, head in enumerate(chosen):
                if head < len(values):
                    sheet.heat(x + margin + column * step, above, side, side, heat_colors(np.sqrt(values[head])))

    return Part(margin + len(chosen) * step, LINE + len(rows) * step, draw)


def _included(view: ShownView, layer: int) -> bool:
    return not view.include_layers or layer in view.include_layers


TEXT_WIDTH = 640


def _text(view: ShownView, map_: AttentionMap) -> Part:
    """Return the keys as running text, shaded by the pinned query's attention, or by the mean that they receive."""
    tokens = map_.key_tokens[:WORDS]
    pinned = view.query
    rows = _window(len(map_.query_tokens), None, WORDS) if pinned is None else slice(pinned, pinned + 1)
    weights = map_.block(view.layer, view.heads, rows, slice(0, len(tokens)))
    shades = np.nan_to_num(weights).mean(axis=(0, 1))
    scale, is_beside = scale_of(view, map_)
    top = end_of(shades[None, None], weights.mean(axis=1, keepdims=True), view.sink_share if is_beside else None)
    colors = heat_colors(scaled(shades.astype(np.float32) / np.float32(top), scale))
    what = "attention received, mean over queries" if pinned is None else "what the pinned token attends to"
    places, height = _set(tokens)

    def draw(sheet: Sheet, x: int, y: int) -> None:
        sheet.write(x, y, what, FAINT)
        for (left, above, text), color in zip(places, colors.tolist(), strict=True):
            wide = LETTER * len(text) + 4
            sheet.fill(x + left, y + LINE + 4 + above, wide, ROW, tuple(color))
            sheet.write(x + left + 2, y + LINE + 4 + above + 1, text, _ink_on(tuple(color)))

    return Part(TEXT_WIDTH, height + LINE + 4, draw)


def _set(tokens: tuple[str, ...]) -> tuple[list[tuple[int, int, str]], int]:
    """Return the position of each token in running text, and the height of the text."""
    places, x, y = [], 0, 0
    for token in tokens:
        text = fitted(token, 2 * MAX_LETTERS)
        wide = LETTER * len(text) + 6
        if x + wide > TEXT_WIDTH:
            x, y = 0, y + ROW + 4
        places.append((x, y, text))
        x += wide
    return places, y + ROW + 4


def _ink_on(color: Rgb) -> Rgb:
    red, green, blue = color
    return (0, 0, 0) if 0.299 * red + 0.587 * green + 0.114 * blue > 140 else (255, 255, 255)
