"""What the kernel and the page say to each other: the one place both languages take it from.

`tools/contract.py` writes `src/contract.gen.ts` from this module; CI fails when that file is stale.

A **block** is a rectangle of attention weights of one layer and some heads. Wherever one travels (a traitlet, a
message's buffer, a saved page) it is encoded the same way, little-endian throughout::

    offset 0       4 bytes   MAGIC
    offset 4       uint32    H, the length of the header in bytes, a multiple of 8
    offset 8       H bytes   the header: JSON in UTF-8 (`BlockHeader`), padded with spaces
    offset 8 + H   payload   `shape` values of `dtype` in C order, padded with zero bytes to a multiple of 8

Encoded blocks can be put one after another: each says its own length.

Where the header has `packed`, and it is not 0, the payload is packed by zlib (RFC 1950) to so many bytes: of values
with two bytes, first the low bytes of all and then the high ones.
"""

from __future__ import annotations

from typing import Final, Literal, TypedDict

CONTRACT_VERSION: Final = 1
"""Raised whenever an older page could misread a newer kernel, or the other way round."""

MAGIC: Final = b"HSB1"

OVERVIEW_BINS: Final = 64
"""An overview pools each axis of a head to at most this many bins."""

TILE_BINS: Final = 256
"""A tile has at most this many bins on each axis."""

LONG_TOKENS: Final = 512
"""A map with more tokens than this on a side is never sent whole: views ask for overviews, tiles and excerpts of it."""

PREFETCH_BYTES: Final = 8 * 1024 * 1024
"""A capture whose encoded blocks are no larger than this is sent whole, in the background, after the first paint."""

MESSAGE_BYTES: Final = 2 * 1024 * 1024
"""No message to the page carries more than this: some hosts encode every byte as a JSON number."""

SNAPSHOT_TYPE: Final = "application/vnd.headscope.snapshot.v1+json"
"""The output type of a `Snapshot`."""

SNAPSHOT_BYTES: Final = 1_000_000
"""A view adds no more than this to a saved notebook, its picture included, unless the user sets another limit."""

PICTURE_BYTES: Final = 8 * 1024 * 1024
"""No message to the kernel carries more than this: servers drop those of over 10 MiB without a word."""

Dtype = Literal["decimal16", "float16", "sqrt8"]
"""How weights are encoded.

`decimal16`: two bytes for a weight between 0 and 1 that keep every digit which a view shows, see `headscope.decimals`.
`float16`: IEEE half precision, relative error 2**-11; a missing weight is NaN.
`sqrt8`: one byte, code = round(254 * sqrt(weight)), weight = (code / 254) ** 2; 255 is a missing weight.
Square roots keep small weights apart: with a linear byte the uniform row of 510 keys would vanish.
"""

BlockKind = Literal["block", "overview"]
"""`block`: single weights. `overview`: each bin holds the largest weight of the positions that it pools, of long maps
rounded up as those of a tile are.
"""

PoolKind = Literal["max", "mean"]
"""What a bin of several weights shows: the largest of them, or their mean."""

VectorKind = Literal["queries", "keys", "bias", "hidden", "weights"]
"""What a frame of a head's vectors holds, see `VectorHeader`."""

VectorDtype = Literal["float32", "uint8"]
"""How a frame of vectors is encoded: `uint8` for `hidden` (1 where a query may not see a key), else `float32`."""

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

ColorMap = Literal["viridis", "greys", "blues", "heat"]
"""The colours of heat maps and running text, from near the background to far from it."""

Combine = Literal["each", "mean", "sum"]
"""Heads of a heat map: each by itself, or one map of their mean or sum."""


PictureFormat = Literal["svg", "png"]
"""What a page can draw a view as."""


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
    `row` * 256 * 2**L on, and the keys likewise. `queries` and `keys` say which positions these are, half-open, cut off
    at the ends of the axes: the last bin of an axis may cover fewer. `shape` is [1, query bins, key bins]. A `blank`
    tile, whose weights are all known to be 0, has shape [1, 0, 0] instead and no payload.

    Above level 0 the largest weights of bins are rounded up by at most 1.2 % (12 % under 1e-5), but for the largest of
    the tile: they are bounds, and colours can't tell.
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

    `queries` and `keys` are the numbers of the groups, half-open, and `shape` is [heads, query groups, key groups].
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


class MapInfo(TypedDict):
    """One attention map, as the page needs to know it.

    `*_special` are positions of special tokens. `*_words` is the number of the word that each token belongs to, null
    where words are not known. `*_segments` rise and do not overlap; positions between them belong to none, and without
    segments the list is empty. `no_vectors` says for each layer why there are no queries and keys, and is empty where
    there are.
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
    """What a view asks a source for: the given heads of one layer, whole."""

    kind: BlockKind
    map: str
    layer: int
    heads: list[int]


class HeadRule(TypedDict):
    """How the scores of one head come from its queries and keys.

    `scores = cap(query . key * scaling) + bias`, minus infinity where a key is hidden; `cap(x)` is
    `softcap * tanh(x / softcap)`, or `x` where that is null. The weights are `softmax(scores)` over the keys, with
    the `sink` as the score of one more key that gets no weight. Heads share the keys of a KV head in equal numbers.
    `rotary` is true where queries and keys are known to have been rotated by their positions.
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

    `queries` and `keys` have shape (rows, head_dim), after position encoding, and `head` of `keys` is the KV head.
    `bias`, `hidden` and `weights` have shape (query rows, keys); a layer that adds or hides nothing has none of the
    first two. `rule` comes with `queries` alone.
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
    """What a view asks a source for: the vectors of a head for a range of queries, `[start, stop]`, and all keys."""

    map: str
    layer: int
    head: int
    queries: list[int]


class TileRequest(TypedDict):
    """What a view asks a source for: tiles of some heads of one layer, each `[level, row, column]`.

    They are computed and sent in this order, so coarse ones first, and first those in sight.
    """

    map: str
    layer: int
    heads: list[int]
    pool: PoolKind
    tiles: list[list[int]]


class TileRequestMessage(TypedDict):
    """Page to kernel: please send these tiles. `view` names who asks, unique over all pages.

    The first answer is an `AcceptedMessage`. A `BlocksMessage` follows for each tile as soon as it is there: its
    buffers hold one frame a head, with a `TileHeader` each. A newer request for tiles of the same `view` takes the
    place of the older one, which ends with a `CancelledMessage` unless it is done.
    """

    type: Literal["tiles"]
    id: str
    view: str
    request: TileRequest


class ExcerptRequest(TypedDict):
    """What a view asks a source for where a map has too many tokens to be sent: the weights between groups of them.

    `queries` and `keys` hold for each group its ranges of positions, `[start, stop]` or `[start, stop, start, stop]`;
    ranges rise. A weight between groups is the sum over the keys and the mean over the queries. With `without_sink`
    each query's weights are first scaled so that they add up to 1 without that of the first key.
    """

    map: str
    layer: int
    heads: list[int]
    queries: list[list[int]]
    keys: list[list[int]]
    without_sink: bool


class ExcerptRequestMessage(TypedDict):
    """Page to kernel: please send this excerpt. `view` and the answers are as with tiles, a frame a head."""

    type: Literal["excerpt"]
    id: str
    view: str
    request: ExcerptRequest


class LaterRequest(TypedDict):
    """What a page adds to a `RequestMessage` where the answer may come after the kernel's word that it is done.

    The kernel then computes beside the user's cells. Where `view` names who asks, the newest request of a kind is the
    one that counts, as with tiles; an empty `view` leaves every request to be answered.
    """

    later: bool
    view: str


class CancelMessage(TypedDict):
    """Page to kernel: nobody waits for the answer to `id` any more. It ends with a `CancelledMessage`, or is done."""

    type: Literal["cancel"]
    id: str


class AcceptedMessage(TypedDict):
    """Kernel to page: the answer to `id` comes later, from a thread of its own.

    It is sent before the kernel's word that it is done with the request, which thus does not mean that an answer was
    lost. For tiles, `seen` holds, for each 256 queries of the layer, the keys that they see, `[start, stop]`: all
    weights outside are 0, so that a tile that meets none of its queries' intervals is blank at any level and need not
    be asked for. For other requests it is empty.
    """

    type: Literal["accepted"]
    id: str
    seen: list[list[int]]


class CancelledMessage(TypedDict):
    """Kernel to page: nothing more comes for `id`, as a page or a newer request of its view wanted."""

    type: Literal["cancelled"]
    id: str


class VectorRequestMessage(TypedDict):
    """Page to kernel: please send these vectors. They come as `BlocksMessage`, each buffer a frame."""

    type: Literal["vectors"]
    id: str
    request: VectorRequest


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


class HereMessage(TypedDict):
    """Page to kernel: have you done all that I sent before? The kernel's own word that it is done is the answer."""

    type: Literal["here"]


class RenderedMessage(TypedDict):
    """Page to kernel, from a view: it is on a page, so a picture of it can be asked for."""

    type: Literal["rendered"]


class ExportMessage(TypedDict):
    """Kernel to page, to a view: please draw what you show as a picture; `scale` is pixels of a PNG a CSS pixel."""

    type: Literal["export"]
    id: str
    format: PictureFormat
    scale: float


class ExportedMessage(TypedDict):
    """Page to kernel: the one buffer is the picture asked for, a whole file, at most `PICTURE_BYTES` long.

    Every page that shows the view answers; the kernel takes the first answer.
    """

    type: Literal["exported"]
    id: str


class ExportErrorMessage(TypedDict):
    """Page to kernel: there is no such picture; `message` is a sentence for people."""

    type: Literal["export-error"]
    id: str
    message: str


class TextRequest(TypedDict):
    """What a page adds to a request whose answer is to come as text: `in_text` is true.

    Some hosts turn each byte of a buffer into a number of a list: base64 reaches their pages many times faster.
    """

    in_text: bool


class TextAnswer(TypedDict):
    """What the kernel adds to such an answer: in base64, what would else be the message's buffers."""

    buffers: list[str]


class StoreMissingMessage(TypedDict):
    """Page to kernel, from a view: this page does not know the Store, please tell it anew."""

    type: Literal["store-missing"]


class StoreToldMessage(TypedDict):
    """Kernel to page, to a view: the Store has been told anew."""

    type: Literal["store-told"]


class ExportHtmlMessage(TypedDict):
    """Page to kernel, from a view: please make a standalone page of it, with one layer or all of them."""

    type: Literal["export-html"]
    id: str
    layers: Literal["shown", "all"]


class HtmlMessage(TypedDict):
    """Kernel to page: the buffers of all messages for `id`, one after another, are the page; `done` in the last.

    What can't be made is answered by an `ErrorMessage`.
    """

    type: Literal["html"]
    id: str
    done: bool


class StoreTraits(TypedDict):
    """The synced traits of the Store: what every view of a capture shares. `heads` is null for all heads.

    `maps` is a list of `MapInfo` as JSON, packed by zlib: the tokens of a long text are many.
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
    color_map: ColorMap
    combine: Combine
    pool: PoolKind
    threshold: float | None
    top_k: int | None
    hide_special: bool
    hide_sink: bool
    merge_words: bool
    merge_segments: bool
    open_segments: list[int]
    direction: Direction
    search: str
    decided: list[str]


class SnapshotPart(TypedDict):
    """Some heads of one layer: whole encoded blocks, or frames of vectors, as gzip in base64."""

    kind: Literal["block", "overview", "vectors"]
    map: str
    layer: int
    heads: list[int]
    data: str


class SnapshotState(TypedDict):
    """Where a view looks and how, as plain values: what of a `Snapshot` a reader's hand changes."""

    map: str
    layer: int
    heads: list[int] | None
    query: int | None
    key: int | None
    pair: PairFilter
    theme: Theme
    include_layers: list[int]
    include_heads: list[int] | None
    detail: bool
    tab: Tab
    scale: ColorScale
    color_map: ColorMap
    combine: Combine
    pool: PoolKind
    threshold: float | None
    top_k: int | None
    hide_special: bool
    hide_sink: bool
    merge_words: bool
    merge_segments: bool
    open_segments: list[int]
    direction: Direction
    search: str


class Snapshot(TypedDict):
    """What a notebook keeps of a view: enough to show it as it was left, without the kernel.

    In `maps`, a map whose keys are its queries has none of the fields for keys. `limit` is how many bytes it may have
    as JSON, with the picture beside it. `drawn_by` says who drew that picture: Python when the view was displayed, or
    the page that showed it. `parts` is empty where not even what the view shows fits; then the picture is all there is.
    """

    view: ViewKind
    name: str
    state: SnapshotState
    maps: list[MapInfo]
    parts: list[SnapshotPart]
    limit: int
    drawn_by: Literal["kernel", "page"]
