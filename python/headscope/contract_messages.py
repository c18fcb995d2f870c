"""The messages between kernel and page, and what notebooks save of a view; see `headscope.contract`."""

from __future__ import annotations

from typing import Literal, TypedDict

from headscope.contract import (
    BlockRequest,
    ExcerptRequest,
    MapDescription,
    PictureFormat,
    TileRequest,
    VectorRequest,
    ViewKind,
)


class TileRequestMessage(TypedDict):
    """Page to kernel: send these tiles. `view` identifies the view, unique over all pages.

    The first reply is an `AcceptedMessage`. A `BlocksMessage` follows for each tile as soon as it is computed; its
    buffers hold one frame per head, each with a `TileHeader`. A newer request for tiles of the same `view` replaces the
    older one, which ends with a `CancelledMessage` unless it is finished.
    """

    type: Literal["tiles"]
    id: str
    view: str
    request: TileRequest


class ExcerptRequestMessage(TypedDict):
    """Page to kernel: send this excerpt. `view` and the replies are as for tiles, with one frame per head."""

    type: Literal["excerpt"]
    id: str
    view: str
    request: ExcerptRequest


class LaterRequest(TypedDict):
    """What a page adds to a `RequestMessage` if the reply may come after the kernel has reported that it is done.

    The kernel then computes in parallel to the user's cells. If `view` identifies a view, its newest request of a kind
    replaces older ones, as for tiles; with an empty `view`, every request is answered.
    """

    later: bool
    view: str


class CancelMessage(TypedDict):
    """Page to kernel: cancel request `id`. It ends with a `CancelledMessage`, unless it is finished."""

    type: Literal["cancel"]
    id: str


class AcceptedMessage(TypedDict):
    """Kernel to page: the reply to `id` will come later, from another thread.

    It is sent before the kernel reports that it is done with the request, so the page knows that no reply was lost. For
    tiles, `seen` holds for every 256 queries of the layer the keys that they see, `[start, stop]`. All weights outside
    are 0, so a tile that overlaps none of its queries' intervals is blank at any level and need not be requested. For
    other requests `seen` is empty.
    """

    type: Literal["accepted"]
    id: str
    seen: list[list[int]]


class CancelledMessage(TypedDict):
    """Kernel to page: `id` was cancelled, by a page or by a newer request of the same view. Nothing more follows."""

    type: Literal["cancelled"]
    id: str


class VectorRequestMessage(TypedDict):
    """Page to kernel: send these vectors. They arrive in `BlocksMessage`s, one frame per buffer."""

    type: Literal["vectors"]
    id: str
    request: VectorRequest


class RequestMessage(TypedDict):
    """Page to kernel: send these heads. `id` is unique over all pages."""

    type: Literal["request"]
    id: str
    request: BlockRequest


class BlocksMessage(TypedDict):
    """Kernel to page: each buffer is an encoded block; `done` is true in the last message for `id`."""

    type: Literal["blocks"]
    id: str
    done: bool


class ErrorMessage(TypedDict):
    """Kernel to page: the request failed; `message` is a sentence for the user."""

    type: Literal["error"]
    id: str
    message: str


class HereMessage(TypedDict):
    """Page to kernel: a barrier. When the kernel is done with it, it is done with all earlier messages."""

    type: Literal["here"]


class RenderedMessage(TypedDict):
    """Page to kernel, from a view: the page shows the view, so it can draw pictures of it."""

    type: Literal["rendered"]


class ExportMessage(TypedDict):
    """Kernel to page, to a view: draw a picture of the view; `scale` is the PNG pixels per CSS pixel."""

    type: Literal["export"]
    id: str
    format: PictureFormat
    scale: float


class ExportedMessage(TypedDict):
    """Page to kernel: the only buffer is the requested picture, a whole file of at most `PICTURE_BYTES`.

    Every page that shows the view replies; the kernel uses the first reply.
    """

    type: Literal["exported"]
    id: str


class ExportErrorMessage(TypedDict):
    """Page to kernel: the picture could not be drawn; `message` is a sentence for the user."""

    type: Literal["export-error"]
    id: str
    message: str


class TextRequest(TypedDict):
    """What a page adds to a request to receive the reply as text: `in_text` is true.

    Some hosts turn each byte of a buffer into a number in a list; base64 reaches their pages many times faster.
    """

    in_text: bool


class TextAnswer(TypedDict):
    """What the kernel adds to such a reply: in base64, what would otherwise be the message's buffers."""

    buffers: list[str]


class StoreMissingMessage(TypedDict):
    """Page to kernel, from a view: this page does not have the store; send it again."""

    type: Literal["store-missing"]


class StoreToldMessage(TypedDict):
    """Kernel to page, to a view: the store has been sent again."""

    type: Literal["store-told"]


class ExportHtmlMessage(TypedDict):
    """Page to kernel, from a view: make a standalone page of the view, with the shown layer or all layers."""

    type: Literal["export-html"]
    id: str
    layers: Literal["shown", "all"]


class HtmlMessage(TypedDict):
    """Kernel to page: the buffers of all messages for `id`, joined, are the page; `done` is true in the last message.

    If the page can't be made, the reply is an `ErrorMessage`.
    """

    type: Literal["html"]
    id: str
    done: bool


class SnapshotPart(TypedDict):
    """Some heads of one layer: whole encoded blocks, or frames of vectors, as gzip in base64."""

    kind: Literal["block", "overview", "vectors"]
    map: str
    layer: int
    heads: list[int]
    data: str


class SnapshotState(TypedDict):
    """The selection and options of a view, as plain values: the part of a `Snapshot` that the reader changes.

    `tools/contract.py` adds a field for each option of `headscope.options` that holds a value.
    """


class Snapshot(TypedDict):
    """What a notebook saves of a view: enough to show it as it was, without the kernel.

    In `maps`, a map whose keys equal its queries lacks the fields for keys. `limit` is the most bytes that the snapshot
    as JSON and the picture may take together. `drawn_by` says who drew the picture: Python when the view was displayed,
    or the page that showed it. `parts` is empty if the weights on screen exceed the limit; then only the picture is
    saved.
    """

    view: ViewKind
    name: str
    state: SnapshotState
    maps: list[MapDescription]
    parts: list[SnapshotPart]
    limit: int
    drawn_by: Literal["kernel", "page"]
