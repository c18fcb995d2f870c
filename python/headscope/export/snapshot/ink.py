"""Draw small pictures with NumPy alone, and encode them as PNG: letters, rectangles, lines and heat maps."""

from __future__ import annotations

import json
import struct
import zlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SCALE = 2
"""Pixels of the picture per CSS pixel, in each direction; all other lengths here are in CSS pixels."""

FONT = Path(__file__).with_name("font.bin")
PALETTE = Path(__file__).with_name("palette.bin")
HEAT_COLORS, MAX_HEADS = 256, 128
"""The palette holds the colours of a heat map, then those of 1 head, of 2 heads, and so on up to MAX_HEADS heads."""

LETTER, LINE = 7, 15
"""The width of a letter and the height of a line of text."""

MAX_FINE = 500_000
"""The area in square CSS pixels above which compressing a sheet at full resolution takes too long."""

UP = 2
"""The PNG filter type of a row that is stored as the differences from the row above."""

TOFU = "□"
"""Replaces characters that the font does not have."""

Rgb: TypeAlias = tuple[int, int, int]
INK: Rgb = (33, 33, 33)
FAINT: Rgb = (97, 97, 97)


@dataclass(frozen=True)
class Lines:
    """Lines between two columns."""

    ends: NDArray[np.float32]
    """Shape (lines, 2): the vertical positions of both ends, in CSS pixels."""
    opacity: NDArray[np.float32]
    """Shape (lines,), from 0 to 1."""
    colors: NDArray[np.float32]
    """Shape (lines, 3), from 0 to 255."""


class Sheet:
    """A white sheet of `width` by `height` CSS pixels."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.pixels = np.full((height * SCALE, width * SCALE, 3), 255, dtype=np.uint8)

    def write(self, x: float, y: float, text: str, color: Rgb = INK, *, right: bool = False) -> None:
        """Write a line of text whose upper left corner is (x, y); with `right`, its upper right corner."""
        letters = _letters()
        places = [letters.get(letter, letters[TOFU]) for letter in text if letter != " "]
        if not places:
            return
        coverage = _coverage()
        line = np.zeros((coverage.shape[1], coverage.shape[2] * len(text)), dtype=np.uint8)
        at = [index for index, letter in enumerate(text) if letter != " "]
        for index, place in zip(at, places, strict=True):
            line[:, index * coverage.shape[2] : (index + 1) * coverage.shape[2]] = coverage[place]
        left = round(x * SCALE) - (line.shape[1] if right else 0)
        self.stain(left, round(y * SCALE), line[:, :, None].astype(np.float32) / np.float32(255), color)

    def stain(self, left: int, top: int, opacity: NDArray[np.float32], color: Rgb) -> None:
        """Blend a colour into pixels, with opacity of shape (rows, columns, 1); clips at the sheet's edges."""
        rows, columns = slice(max(top, 0), top + len(opacity)), slice(max(left, 0), left + opacity.shape[1])
        area = self.pixels[rows, columns]
        shown = opacity[rows.start - top :, columns.start - left :][: area.shape[0], : area.shape[1]]
        area[:] = np.rint(area + (np.array(color, np.float32) - area) * shown)

    def fill(self, x: float, y: float, width: float, height: float, color: Rgb) -> None:
        """Fill a rectangle with a colour."""
        x0, y0, x1, y1 = (round(value * SCALE) for value in (x, y, x + width, y + height))
        self.pixels[max(y0, 0) : max(y1, 0), max(x0, 0) : max(x1, 0)] = color

    def heat(self, x: float, y: float, width: int, height: int, colors: NDArray[np.uint8]) -> None:
        """Fill an area with equal rectangles, whose colours have the shape (rows, columns, 3)."""
        rows, columns = (
            np.arange(n * SCALE) * m // (n * SCALE) for n, m in ((height, len(colors)), (width, colors.shape[1]))
        )
        top, left = round(y * SCALE), round(x * SCALE)
        self.pixels[top : top + len(rows), left : left + len(columns)] = colors[rows][:, columns]

    def lines(self, x: int, y: int, width: int, height: int, lines: Lines) -> None:
        """Draw smooth curves from the left edge of an area to its right edge; their colours mix where they meet."""
        columns, rows = width * SCALE, height * SCALE
        # A steep line crosses several pixels within a column.
        steepest = 1.5 * np.abs(lines.ends[:, 1] - lines.ends[:, 0]).max(initial=0) / width
        finer = int(np.clip(np.ceil(steepest), 1, 4))
        across = (np.arange(columns * finer, dtype=np.float32) + 0.5) / (columns * finer)
        smooth = across * across * (3 - 2 * across)
        down = (lines.ends[:, :1] + (lines.ends[:, 1:] - lines.ends[:, :1]) * smooth) * SCALE - 0.5
        row = np.floor(down).astype(np.int32)
        part = down - row
        above = row * columns + np.arange(columns * finer) // finer
        place = np.concatenate([above.ravel(), above.ravel() + columns])
        share = np.concatenate([(1 - part).ravel(), part.ravel()]) * (2 / finer)
        area = self.pixels[y * SCALE : y * SCALE + rows, x * SCALE : x * SCALE + columns]
        for channel in range(3):
            taken = lines.opacity * (1 - lines.colors[:, channel] / 255)
            dark = np.bincount(place, np.tile(np.repeat(taken, columns * finer), 2) * share, (rows + 2) * columns)
            dark = np.minimum(dark[: rows * columns].reshape(rows, columns), 1)
            area[:, :, channel] = area[:, :, channel] * (1 - dark)

    def png(self, most: int) -> bytes:
        """Return the sheet as a PNG, at half the resolution if the sheet is large or the file exceeds `most` bytes."""
        if self.height * self.width <= MAX_FINE:
            fine = _png(self.pixels)
            if len(fine) <= most:
                return fine
        rows, columns = self.height, self.width
        return _png(self.pixels.reshape(rows, SCALE, columns, SCALE, 3).mean(axis=(1, 3)).astype(np.uint8))


def _png(pixels: NDArray[np.uint8]) -> bytes:
    rows, columns = pixels.shape[:2]
    # With 32 shades of a colour the file is half as large, and white stays white.
    lines = pixels.reshape(rows, -1) | 7
    raw = np.zeros((rows, 1 + columns * 3), dtype=np.uint8)
    raw[:, 1:] = lines
    again = np.flatnonzero((lines[1:] == lines[:-1]).all(axis=1)) + 1
    raw[again] = 0
    raw[again, 0] = UP
    header = struct.pack(">IIBBBBB", columns, rows, 8, 2, 0, 0, 0)
    chunks = (b"IHDR", header), (b"IDAT", zlib.compress(raw.tobytes(), 2)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks)


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


@cache
def _font() -> tuple[str, NDArray[np.uint8]]:
    head, coverage = zlib.decompress(FONT.read_bytes()).split(b"\n", 1)
    font = json.loads(head)
    return font["characters"], np.frombuffer(coverage, np.uint8).reshape(-1, font["height"], font["width"])


@cache
def _letters() -> dict[str, int]:
    return {letter: place for place, letter in enumerate(_font()[0])}


def _coverage() -> NDArray[np.uint8]:
    return _font()[1]


@cache
def _palette() -> NDArray[np.uint8]:
    """Return all colours, shape (colours, 3); `tools/palette.mjs` writes their file."""
    return np.frombuffer(zlib.decompress(PALETTE.read_bytes()), np.uint8).reshape(-1, 3)


def heat_table() -> NDArray[np.uint8]:
    """Return the 256 colours of weights, shape (256, 3), from near white to dark."""
    return _palette()[:HEAT_COLORS]


def head_color(head: int, num_heads: int) -> Rgb:
    """Return the colour of a head on a light background, the same as in every view."""
    if num_heads > MAX_HEADS:
        # Nearly the same hue; nobody can distinguish so many shades anyway.
        head, num_heads = head * MAX_HEADS // num_heads, MAX_HEADS
    red, green, blue = _palette()[HEAT_COLORS + num_heads * (num_heads - 1) // 2 + head].tolist()
    return red, green, blue


def heat_colors(values: NDArray[np.float32], top: float = 1.0) -> NDArray[np.uint8]:
    """Return the colours of values from 0 to `top`, shape (..., 3); missing values are grey."""
    levels = np.clip(np.nan_to_num(values) / (top or 1), 0, 1)
    colors = heat_table()[np.rint(levels * 255).astype(np.intp)]
    colors[~np.isfinite(values)] = (224, 224, 224)
    return np.asarray(colors)


def fitted(text: str, most: int) -> str:
    """Return a token as the views write it, shortened in the middle to at most `most` characters."""
    shown = text.replace(" ", "␣").replace("\n", "⏎").replace("\t", "→") or "∅"
    shown = "".join(letter if letter.isprintable() else TOFU for letter in shown)
    if len(shown) <= most:
        return shown
    head = most // 2
    return f"{shown[:head]}…{shown[head + 1 - most :]}"


def widest(tokens: Sequence[str]) -> int:
    """Return the width of the longest token; of one letter if there are no tokens."""
    return LETTER * max(map(len, tokens), default=1)
