"""A sheet of paper for small pictures: letters, rectangles, lines and heat maps with NumPy alone, as PNG."""

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
"""Pixels of the picture for each CSS pixel, both ways; all other measures here are in CSS pixels."""

FONT = Path(__file__).with_name("snapshot_font.bin")
LETTER, LINE = 7, 15
"""How wide a letter is, and how high a line of text."""

MOST_FINE = 500_000
"""A larger sheet, in square CSS pixels, takes too long to pack with all its pixels."""

UP = 2
"""The filter of a PNG's row that is written as its differences from the row above."""

TOFU = "□"
"""Stands for letters that the picture cannot write."""

Rgb: TypeAlias = tuple[int, int, int]
INK: Rgb = (33, 33, 33)
FAINT: Rgb = (97, 97, 97)


@dataclass(frozen=True)
class Lines:
    """Lines between two columns."""

    ends: NDArray[np.float32]
    """Shape (lines, 2): how far down each begins and ends."""
    opacity: NDArray[np.float32]
    """Shape (lines,), from 0 to 1."""
    colors: NDArray[np.float32]
    """Shape (lines, 3), from 0 to 255."""


class Sheet:
    """A white sheet of `width` by `height`."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.pixels = np.full((height * SCALE, width * SCALE, 3), 255, dtype=np.uint8)

    def write(self, x: float, y: float, text: str, color: Rgb = INK, *, right: bool = False) -> None:
        """Write a line of text whose upper left corner is (x, y), or its upper right one."""
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
        """Cover pixels with a colour, opacity of shape (rows, columns, 1); what is off the sheet is cut."""
        rows, columns = slice(max(top, 0), top + len(opacity)), slice(max(left, 0), left + opacity.shape[1])
        area = self.pixels[rows, columns]
        shown = opacity[rows.start - top :, columns.start - left :][: area.shape[0], : area.shape[1]]
        area[:] = np.rint(area + (np.array(color, np.float32) - area) * shown)

    def fill(self, x: float, y: float, width: float, height: float, color: Rgb) -> None:
        """Fill a rectangle."""
        x0, y0, x1, y1 = (round(value * SCALE) for value in (x, y, x + width, y + height))
        self.pixels[max(y0, 0) : max(y1, 0), max(x0, 0) : max(x1, 0)] = color

    def heat(self, x: float, y: float, width: int, height: int, colors: NDArray[np.uint8]) -> None:
        """Show colours of shape (rows, columns, 3) as rectangles that fill an area."""
        rows, columns = (
            np.arange(n * SCALE) * m // (n * SCALE) for n, m in ((height, len(colors)), (width, colors.shape[1]))
        )
        top, left = round(y * SCALE), round(x * SCALE)
        self.pixels[top : top + len(rows), left : left + len(columns)] = colors[rows][:, columns]

    def lines(self, x: int, y: int, width: int, height: int, lines: Lines) -> None:
        """Draw smooth lines from the left edge of an area to its right edge; where they meet, their colours mix."""
        columns, rows = width * SCALE, height * SCALE
        # A steep line passes several pixels within a column.
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
        """Return the sheet as a PNG file, with half as many pixels each way if it is large or has over `most` bytes."""
        if self.height * self.width <= MOST_FINE:
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


def oklch(lightness: float, chroma: float, hue: float) -> Rgb:
    """Return the sRGB colour of an OKLCH one, its chroma lowered as far as sRGB asks for; see `src/core/oklch.ts`."""
    low, high, linear = 0.0, chroma, _linear(lightness, chroma, hue)
    if not _inside(linear):
        for _ in range(12):
            middle = (low + high) / 2
            low, high = (middle, high) if _inside(_linear(lightness, middle, hue)) else (low, middle)
        linear = _linear(lightness, low, hue)
    bent = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * np.maximum(linear, 0.0031308) ** (1 / 2.4) - 0.055)
    red, green, blue = np.rint(255 * np.clip(bent, 0, 1)).astype(int).tolist()
    return red, green, blue


TO_CONES = np.array(
    [[1, 0.3963377774, 0.2158037573], [1, -0.1055613458, -0.0638541728], [1, -0.0894841775, -1.291485548]]
)
TO_LINEAR = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.707614701],
    ]
)
"""From Ottosson 2020, "A perceptual color space for image processing"."""


def _linear(lightness: float, chroma: float, hue: float) -> NDArray[np.float64]:
    turn = np.deg2rad(hue)
    return np.asarray(TO_LINEAR @ (TO_CONES @ np.array([lightness, chroma * np.cos(turn), chroma * np.sin(turn)])) ** 3)


def _inside(linear: NDArray[np.float64]) -> bool:
    return bool(linear.min() >= -1e-4 and linear.max() <= 1 + 1e-4)


OKABE_ITO = (0x0072B2, 0xC48600, 0x009E73, 0xC9709F, 0x3A9BCE, 0xD55E00, 0x7D7300, 0x000000)


@cache
def head_color(head: int, num_heads: int) -> Rgb:
    """Return the colour of a head on a light ground, the same as in every view; see `src/core/colors.ts`."""
    if num_heads <= len(OKABE_ITO):
        named = OKABE_ITO[head]
        return named >> 16, (named >> 8) & 255, named & 255
    levels = (0, 2 / 3, 1 / 3, 1) if num_heads % 5 == 1 else (0, 0.5, 1, 0.25, 0.75)
    return oklch(0.4 + 0.245 * levels[head % len(levels)], 0.2, 20 + 360 * head / num_heads)


@cache
def heat_table() -> NDArray[np.uint8]:
    """Return 256 colours of shape (256, 3), from near white to dark; see `src/core/colors.ts`."""
    steps = np.arange(256) / 255
    return np.array(
        [oklch(0.98 - 0.68 * t, min(0.13, 0.03 + 0.3 * t), 100 + 195 * t) for t in steps.tolist()], dtype=np.uint8
    )


def heat_colors(values: NDArray[np.float32], top: float = 1.0) -> NDArray[np.uint8]:
    """Return the colours of values from 0 to `top`, grey where missing."""
    levels = np.clip(np.nan_to_num(values) / (top or 1), 0, 1)
    colors = heat_table()[np.rint(levels * 255).astype(np.intp)]
    colors[~np.isfinite(values)] = (224, 224, 224)
    return np.asarray(colors)


def fitted(text: str, most: int) -> str:
    """Return a token as the views write it, cut in the middle to at most `most` letters."""
    shown = text.replace(" ", "␣").replace("\n", "⏎").replace("\t", "→") or "∅"
    shown = "".join(letter if letter.isprintable() else TOFU for letter in shown)
    if len(shown) <= most:
        return shown
    head = most // 2
    return f"{shown[:head]}…{shown[head + 1 - most :]}"


def widest(tokens: Sequence[str]) -> int:
    """Return how wide the longest of some tokens is."""
    return LETTER * max(map(len, tokens), default=1)
