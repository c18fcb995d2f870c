"""Compare tiles and overviews of long inputs with plain PyTorch on the same rectangle of the same head.

Synthetic queries and keys of SmolLM2's shape: 9 heads, 3 KV heads, 64 dimensions, causal. Run it with
`python benchmarks/tiles.py`; it prints a table.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial
from statistics import median

import torch

from headscope.data.attention_map import AttentionMap
from headscope.data.pooling import Place, top_level
from headscope.data.steps import finish
from headscope.tracing.qk.masks import causal
from headscope.tracing.qk.record import QKRecord
from headscope.tracing.qk.tensors import Rules
from headscope.wire.lru import CACHE_BYTES, ByteLru
from headscope.wire.tile_cache import TileCache
from machine import machine, versions
from table import markdown

HEADS, KV_HEADS, DIM = 9, 3, 64
LARGEST_LAYER = 8192
"""All heads of a layer are measured up to this length."""

COLUMNS = ["what", "Headscope (ms)", "plain PyTorch (ms)", "plain / Headscope"]


class Subject:
    """One layer of synthetic queries and keys."""

    def __init__(self, size: int) -> None:
        generator = torch.Generator().manual_seed(0)
        self.size = size
        self.query = torch.randn(HEADS, size, DIM, generator=generator) * 1.5
        self.key = torch.randn(KV_HEADS, size, DIM, generator=generator)
        self.names = ["x"] * size
        self.visible = causal(size, size, torch.device("cpu"))

    def fresh(self) -> AttentionMap:
        """Return a map without known norms."""
        record = QKRecord(self.query, self.key, Rules(DIM**-0.5, visible=self.visible))
        return AttentionMap("self", [record], self.names, self.names)

    def known(self) -> AttentionMap:
        """Return a map with known norms of head 0."""
        map_ = self.fresh()
        map_.overview(0, 0)
        return map_

    def plain(self, rows: slice, keys: slice, level: int = 0, head: int = 0) -> torch.Tensor:
        """Return a rectangle of softmax(q k) with PyTorch's own functions, pooled by `max_pool2d`, rows in chunks."""
        parts, step = [], max(1 << level, (1 << 21) // self.size >> level << level)
        for start in range(rows.start, rows.stop, step):
            at = slice(start, min(start + step, rows.stop))
            scores = self.query[head, at] @ self.key[head // (HEADS // KV_HEADS)].T * DIM**-0.5
            hidden = torch.arange(self.size) > torch.arange(at.start, at.stop)[:, None]
            weights = torch.softmax(scores.masked_fill_(hidden, -torch.inf), -1)[:, keys]
            parts.append(torch.nn.functional.max_pool2d(weights[None], 1 << level)[0] if level else weights)
        return torch.cat(parts)


def milliseconds(work: Callable[[], object]) -> float:
    """Return how many milliseconds some work takes."""
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1e3


def compared(
    what: str, prepare: Callable[[], Callable[[], object]], plain: Callable[[], object], rounds: int
) -> list[str]:
    """Measure the two in turns, and return a row of the table: medians, and the median of each round's ratio."""
    pairs = [(milliseconds(prepare()), milliseconds(plain)) for _ in range(rounds + 1)][1:]
    ours, theirs = (median(times) for times in zip(*pairs, strict=True))
    ratio = median(theirs / ours for ours, theirs in pairs)
    return [what, f"{ours:.1f}", f"{theirs:.1f}", f"{ratio:.1f}"]


def rows_of(size: int, rounds: int) -> list[list[str]]:
    """Measure one length: single tiles in many rounds, as they are short, then whole heads in few."""
    subject = Subject(size)
    few = max(2, rounds // 2)
    measured = [compared(*case, 4 * rounds) for case in tile_cases(subject)]
    measured += [compared(*case, few) for case in head_cases(subject)]
    return [[f"{size:,}", *row] for row in measured]


Case = tuple[str, Callable[[], Callable[[], object]], Callable[[], object]]
"""A name, what prepares the work to be measured, and the plain work."""


def tile_cases(subject: Subject) -> list[Case]:
    """Return tiles of the lowest row, whose queries see the most keys."""
    size, known, cache = subject.size, subject.known(), TileCache(ByteLru(CACHE_BYTES))
    last = size // 256 - 1
    middle = last // 2

    def kept() -> list[bytes]:
        return finish(cache.tiles(known, 0, [0], Place(0, last, middle), "max"))

    kept()
    plain = partial(subject.plain, slice(size - 256, size), slice(middle * 256, middle * 256 + 256))
    coarse = partial(subject.plain, slice(size - 1024, size), slice(0, 1024), 2)
    return [
        ("a tile of single weights, cold", lambda: partial(subject.fresh().tile, 0, 0, 0, last, middle), plain),
        ("the same, norms of its rows known", lambda: partial(known.tile, 0, 0, 0, last, middle), plain),
        ("the same, from the cache", lambda: kept, plain),
        ("a tile of level 2, norms known", lambda: partial(known.tile, 0, 0, 2, size // 1024 - 1, 0), coarse),
    ]


def head_cases(subject: Subject) -> list[Case]:
    """Return whole heads."""
    size = subject.size
    top, bins, whole = top_level(size, size), (size // 64).bit_length() - 1, slice(0, size)
    cases: list[Case] = [
        (
            "a head in one tile, cold",
            lambda: partial(subject.fresh().tile, 0, 0, top, 0, 0),
            lambda: subject.plain(whole, whole, top),
        ),
        (
            "overview of a head and its norms, cold",
            lambda: partial(subject.fresh().overview, 0, 0),
            lambda: subject.plain(whole, whole, bins),
        ),
    ]
    if size <= LARGEST_LAYER:
        cases.append(
            (
                f"overviews of {HEADS} heads, cold",
                lambda: partial(subject.fresh().overview, 0),
                lambda: [subject.plain(whole, whole, bins, head) for head in range(HEADS)],
            )
        )
    return cases


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lengths", type=int, nargs="+", default=[4096, 32768], help="multiples of 1,024")
    parser.add_argument("--rounds", type=int, default=8)
    options = parser.parse_args()
    print(f"{machine()}; {versions('torch')}; {torch.get_num_threads()} threads; {options.rounds} rounds\n")
    with torch.no_grad():
        rows = [row for size in options.lengths for row in rows_of(size, options.rounds)]
    print(markdown(["tokens", *COLUMNS], rows))


if __name__ == "__main__":
    main()
