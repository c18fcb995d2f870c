"""The types, requests and traits that kernel and page share, defined once for Python and TypeScript.

`headscope.contract_messages` has their messages. `tools/contract.py` writes `src/contract.gen.ts` from both modules; CI
fails when that file is stale.

A **block** is a rectangle of attention weights of one layer and some heads. It has the same encoding everywhere (in a
traitlet, a message's buffer, a saved page), little-endian throughout::

    offset 0       4 bytes   MAGIC
    offset 4       uint32    H, the length of the header in bytes, a multiple of 8
    offset 8       H bytes   the header: JSON in UTF-8 (`BlockHeader`), padded with spaces
    offset 8 + H   payload   `shape` values of `dtype` in C order, padded with zero bytes to a multiple of 8

Encoded blocks can be concatenated, because each holds its own length.

If the header has `packed` and it is not 0, the payload is compressed by zlib (RFC 1950) to that many bytes. Values of
two bytes are split first: the low bytes of all values, then the high bytes.
"""

from __future__ import annotations

from typing import Final, Literal, TypedDict

CONTRACT_VERSION: Final = 1
"""The version of the contract; it increases when an older page could misread a newer kernel, or vice versa."""

MAGIC: Final = b"HSB1"

OVERVIEW_BINS: Final = 64
"""An overview pools each axis of a head to at most this many bins."""

TILE_BINS: Final = 256
"""A tile has at most this many bins on each axis."""

LONG_TOKENS: Final = 512
"""A map with more tokens than this on a side is never sent whole; views request overviews, tiles and excerpts."""

PREFETCH_BYTES: Final = 8 * 1024 * 1024
"""A capture whose encoded blocks take at most this is sent whole, in the background, after the first paint."""

MESSAGE_BYTES: Final = 2 * 1024 * 1024
"""The most that a message to the page carries; some hosts encode every byte as a JSON number."""

SNAPSHOT_TYPE: Final = "application/vnd.headscope.snapshot.v1+json"
"""The output type of a `Snapshot`."""

SNAPSHOT_BYTES: Final = 1_000_000
"""The most that a view adds to a saved notebook, picture included, unless the user sets another limit."""

PICTURE_BYTES: Final = 8 * 1024 * 1024
"""The most that a message to the kernel carries; servers silently drop messages over 10 MiB."""

Dtype = Literal["decimal16", "float16", "sqrt8"]
"""How weights are encoded.

`decimal16`: two bytes for a weight between 0 and 1, exact in every digit that a view shows; see
`headscope.wire.decimal16`.
`float16`: IEEE half precision, relative error 2**-11; a missing weight is NaN.
`sqrt8`: one byte, code = round(254 * sqrt(weight)), weight = (code / 254) ** 2; 255 is a missing weight.
Square roots distinguish small weights: with a linear byte, a uniform row of 510 keys would be all zeros.
"""

BlockKind = Literal["block", "overview"]
"""`block`: single weights. `overview`: each bin holds the largest weight of the positions that it pools; for long maps
it is rounded up in the same way as in tiles.
"""

PoolKind = Literal["max", "mean"]
"""The value of a bin of several weights: the largest of them, or their mean."""

VectorKind = Literal["queries", "keys", "bias", "hidden", "weights"]
"""The content of a frame of a head's vectors, see `VectorHeader`."""

VectorDtype = Literal["float32", "uint8"]
"""The encoding of a frame of vectors: `uint8` for `hidden` (1 if a query may not see a key), `float32` otherwise."""

ViewKind = Literal["head", "model", "matrix", "neuron", "text", "explorer"]

Tab = Literal["heads", "matrix", "neurons", "text"]
"""The tabs of the explorer, beside the grid of heads."""

Theme = Literal["auto", "light", "dark"]

PairFilter = Literal["all", "aa", "bb", "ab", "ba"]
"""Which sentences of a pair are shown: `ab` has queries from sentence A and keys from sentence B."""

Direction = Literal["out", "in"]
"""`out`: what a token attends to. `in`: what attends to it."""

ColorScale = Literal["auto", "linear", "sqrt", "log"]
"""How weights become colours and strengths of lines."""

ColorMap = Literal["lagoon", "greys", "blues", "heat", "viridis", "magma", "cividis"]
"""The colours of heat maps and running text, from near the background to far from it."""

Thumbnails = Literal["auto", "heat", "lines"]
"""How a grid shows each head."""

Combine = Literal["each", "mean", "sum"]
"""Heads of a heat map: each by itself, or one map of their mean or sum."""


PictureFormat = Literal["svg", "png"]
"""The formats of pictures that a page can draw."""


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


class TileHeader(TypedDict):
    """The header of an encoded tile: one head's bins, in the frame of a block.

    At `level` L each bin covers 2**L positions on each axis; tile (`row`, `column`) covers the queries from
    `row` * 256 * 2**L on, and the keys likewise. `queries` and `keys` are the covered positions, half-open and clipped
    at the ends of the axes, so the last bin of an axis may cover fewer. `shape` is [1, query bins, key bins]. A `blank`
    tile, whose weights are all known to be 0, has shape [1, 0, 0] and no payload.

    Above level 0 the largest weights of bins, except that of the whole tile, are rounded up by at most 1.2 % (12 %
    under 1e-5). They are upper bounds, and the difference is invisible in colours.
    """

    kind: Literal["tile"]
    map: str
    layer: int
    heads: list[int]
    queries: list[int]
    keys: list[int]
    shape: list[int]
    dtype: Dtype
    missing: int
    level: int
    row: int
    column: int
    pool: PoolKind
    blank: bool
    packed: int


class ExcerptHeader(TypedDict):
    """The header of an encoded excerpt: the weights of some heads between groups of tokens, in the frame of a block.

    `queries` and `keys` are half-open ranges of group numbers, and `shape` is [heads, query groups, key groups].
    """

    kind: Literal["excerpt"]
    map: str
    layer: int
    heads: list[int]
    queries: list[int]
    keys: list[int]
    shape: list[int]
    dtype: Dtype
    missing: int
    packed: int


class Segment(TypedDict):
    """A named part of a side of a map, such as a message of a chat: the tokens from `start` up to `stop`."""

    name: str
    start: int
    stop: int


class MapOrigin(TypedDict, total=False):
    """Where a map's layers come from; fields are missing where that is unknown.

    `modules` is the name of each layer's attention module in the model. `layer_names` are the model's own numbers of
    the layers, such as `"1.0"` for the first layer of its second stage; it is missing where they are the map's.
    `difference` is how far replayed rows were from what the model computed, as a share of the largest value; null for
    weights that were given.
    """

    modules: list[str]
    layer_names: list[str]
    difference: float | None


class MapPredictions(TypedDict):
    """What the model predicts beside a map's queries: the most probable tokens or labels, the best first.

    Row i of `tokens` and `probabilities` is of query `start` + i. `kind` says what a row predicts: the `next` token,
    the `masked` token at the position itself, the `label` of the position, or the label of the whole `input`, which is
    one row at `start` 0.
    """

    kind: Literal["next", "masked", "label", "input"]
    start: int
    tokens: list[list[str]]
    probabilities: list[list[float]]


class HeadNote(TypedDict):
    """A note on a head: a name of a few words, and a text. One of them may be empty; see `headscope.data.notes`."""

    layer: int
    head: int
    name: str
    text: str


class PlacedNote(HeadNote):
    """A note on a head of a map."""

    map: str


class MapPart(TypedDict):
    """The place of one attention map in the picture of all: the half-open ranges of its queries and of its keys."""

    name: str
    queries: list[int]
    keys: list[int]


class MapFindings(MapOrigin, total=False):
    """What only some descriptions have, see `MapPredictions`. `notes` are those on the map's heads.

    `parts` are the maps of which the picture of all is composed, see `headscope.data.composed`; no attention connects
    what lies in none of them. Such a description is never sent or saved: pages derive it from those of the parts.
    """

    predictions: MapPredictions
    notes: list[HeadNote]
    parts: list[MapPart]


class MapDescription(MapFindings):
    """The description of one attention map for the page.

    `*_special` are the positions of special tokens. `*_words` is the word number of each token, null if words are
    unknown. `*_segments` are in ascending order without overlap; positions between them belong to no segment.
    `no_vectors` says for each layer why it has no queries and keys, and is empty if it has them.
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
    query_segments: list[Segment]
    key_segments: list[Segment]
    sentence_b_start: int | None
    no_vectors: list[str]


class BlockRequest(TypedDict):
    """A view's request to a source: whole heads of one layer."""

    kind: BlockKind
    map: str
    layer: int
    heads: list[int]


class HeadRule(TypedDict):
    """How the scores of one head are computed from its queries and keys.

    `scores = cap(query . key * scaling) + bias`, or minus infinity where a key is hidden; `cap(x)` is
    `softcap * tanh(x / softcap)`, or `x` if `softcap` is null. The weights are `softmax(scores)` over the keys and
    `sink`, the score of one more key, whose weight is dropped. Equally many heads share each KV head. `rotary` is true
    if queries and keys are known to have been rotated by their positions.
    """

    scaling: float
    softcap: float | None
    sink: float | None
    num_heads: int
    num_kv_heads: int
    kv_head: int
    rotary: bool


class VectorHeader(TypedDict):
    """The header of a frame of vectors: the given rows of one head, in the frame of a block.

    `queries` and `keys` have shape (rows, head_dim), after position encoding; for `keys`, `head` is the KV head.
    `bias`, `hidden` and `weights` have shape (query rows, keys). A layer without biases sends no `bias`; one without
    hidden keys sends no `hidden`. Only `queries` have a `rule`.
    """

    kind: VectorKind
    map: str
    layer: int
    head: int
    rows: list[int]
    shape: list[int]
    dtype: VectorDtype
    rule: HeadRule | None


class VectorRequest(TypedDict):
    """A view's request to a source: the vectors of a head for queries in `[start, stop)`, and all keys."""

    map: str
    layer: int
    head: int
    queries: list[int]


class TileRequest(TypedDict):
    """A view's request to a source: tiles of some heads of one layer, each `[level, row, column]`.

    They are computed and sent in this order; views put coarse and visible tiles first.
    """

    map: str
    layer: int
    heads: list[int]
    pool: PoolKind
    tiles: list[list[int]]


class ExcerptRequest(TypedDict):
    """A view's request to a source, for maps with too many tokens to be sent whole: weights between groups of tokens.

    `queries` and `keys` hold the ranges of positions of each group, `[start, stop]` or `[start, stop, start, stop]`, in
    ascending order. A weight between groups is summed over the keys and averaged over the queries. `without` holds
    ranges of keys; if there are any, each query's weights are first rescaled so that those of all other keys sum to 1.
    """

    map: str
    layer: int
    heads: list[int]
    queries: list[list[int]]
    keys: list[list[int]]
    without: list[int]


class StoreTraits(TypedDict):
    """The synced traits of the store, which all views of a capture share. `heads` is null for all heads.

    `maps` is a list of `MapDescription` as JSON, compressed by zlib because the tokens of a long text are many. They
    have no notes: `notes` are those of all maps.
    """

    contract: int
    name: str
    maps: bytes
    map: str
    layer: int
    heads: list[int] | None
    query: int | None
    key: int | None
    pair: PairFilter
    overview: bytes
    block: bytes
    total_bytes: int
    subshells: bool
    notes: list[PlacedNote]


class OwnPlace(TypedDict, total=False):
    """The fields of its place that a view does not share with its capture; `heads` is null for all heads."""

    map: str
    layer: int
    heads: list[int] | None
    query: int | None
    key: int | None
    pair: PairFilter


class ViewTraits(TypedDict):
    """The synced traits of one view, which it does not share.

    `waiting` names the fields of `own` that the view gives up when the capture moves them.

    `tools/contract.py` adds the options of `headscope.options` that belong to a single view.
    """

    store: str
    view: ViewKind
    own: OwnPlace
    waiting: list[str]
    decided: list[str]
    sample: str
