"""What the kernel and the page say to each other: the one place both languages take it from.

`tools/contract.py` writes `src/contract.gen.ts` from this module; CI fails when that file is stale.

A **block** is a rectangle of attention weights of one layer and some heads. Wherever one travels (a traitlet, a
message's buffer, a saved page) it is encoded the same way, little-endian throughout::

    offset 0       4 bytes   MAGIC
    offset 4       uint32    H, the length of the header in bytes, a multiple of 8
    offset 8       H bytes   the header: JSON in UTF-8 (`BlockHeader`), padded with spaces
    offset 8 + H   payload   `shape` values of `dtype` in C order, padded with zero bytes to a multiple of 8

Encoded blocks can be put one after another: each says its own length.
"""

from __future__ import annotations

from typing import Final, Literal, TypedDict

CONTRACT_VERSION: Final = 1
"""Raised whenever an older page could misread a newer kernel, or the other way round."""

MAGIC: Final = b"HSB1"

OVERVIEW_BINS: Final = 64
"""An overview pools each axis of a head to at most this many bins."""

PREFETCH_BYTES: Final = 8 * 1024 * 1024
"""A capture whose encoded blocks are no larger than this is sent whole, in the background, after the first paint."""

MESSAGE_BYTES: Final = 2 * 1024 * 1024
"""No message to the page carries more than this: some hosts encode every byte as a JSON number."""

Dtype = Literal["float16", "sqrt8"]
"""How weights are encoded.

`float16`: IEEE half precision, relative error 2**-11; a missing weight is NaN.
`sqrt8`: one byte, code = round(254 * sqrt(weight)), weight = (code / 254) ** 2; 255 is a missing weight.
Square roots keep small weights apart: with a linear byte the uniform row of 510 keys would vanish.
"""

BlockKind = Literal["block", "overview"]
"""`block`: single weights. `overview`: each bin holds the largest weight of the positions that it pools."""

ViewKind = Literal["head", "model", "matrix", "neuron", "text", "explorer"]

Tab = Literal["heads", "matrix", "neurons", "text"]
"""What the explorer shows beside the grid of heads."""

Theme = Literal["auto", "light", "dark"]

PairFilter = Literal["all", "aa", "bb", "ab", "ba"]
"""Which sentences of a pair are shown: `ab` has queries from sentence A and keys from sentence B."""

Direction = Literal["out", "in"]
"""`out`: what a token attends to. `in`: what attends to it."""

ColorScale = Literal["linear", "sqrt", "log"]
"""How heat maps turn weights into colours."""

Combine = Literal["each", "mean", "sum"]
"""Heads of a heat map: each by itself, or one map of their mean or sum."""


class BlockHeader(TypedDict):
    """The header of an encoded block. Ranges are half-open: `[start, stop]`."""

    kind: BlockKind
    map: str
    layer: int
    heads: list[int]
    queries: list[int]
    keys: list[int]
    shape: list[int]
    dtype: Dtype
    missing: int


class MapInfo(TypedDict):
    """One attention map, as the page needs to know it.

    `*_special` are positions of special tokens. `*_words` is the number of the word that each token belongs to, null
    where words are not known. `no_vectors` says for each layer why there are no queries and keys; empty where there are.
    """

    name: str
    label: str
    num_layers: int
    num_heads: list[int]
    query_tokens: list[str]
    key_tokens: list[str]
    query_special: list[int]
    key_special: list[int]
    query_words: list[int] | None
    key_words: list[int] | None
    sentence_b_start: int | None
    no_vectors: list[str]


class BlockRequest(TypedDict):
    """What a view asks a source for: the given heads of one layer, whole."""

    kind: BlockKind
    map: str
    layer: int
    heads: list[int]


class RequestMessage(TypedDict):
    """Page to kernel: please send these heads. `id` is unique over all pages."""

    type: Literal["request"]
    id: str
    request: BlockRequest


class BlocksMessage(TypedDict):
    """Kernel to page: each buffer is an encoded block; `done` is true in the last message for `id`."""

    type: Literal["blocks"]
    id: str
    done: bool


class ErrorMessage(TypedDict):
    """Kernel to page: the request can't be answered; `message` is a sentence for people."""

    type: Literal["error"]
    id: str
    message: str


class StoreTraits(TypedDict):
    """The synced traits of the Store: what every view of a capture shares. `heads` is null for all heads."""

    contract: int
    name: str
    maps: list[MapInfo]
    map: str
    layer: int
    heads: list[int] | None
    query: int | None
    key: int | None
    pair: PairFilter
    overview: bytes
    block: bytes
    total_bytes: int


class ViewTraits(TypedDict):
    """The synced traits of one view: what is its own."""

    store: str
    view: ViewKind
    theme: Theme
    include_layers: list[int]
    include_heads: list[int] | None
    detail: bool
    tab: Tab
    scale: ColorScale
    combine: Combine
    threshold: float | None
    top_k: int | None
    hide_special: bool
    hide_sink: bool
    merge_words: bool
    direction: Direction
    search: str
