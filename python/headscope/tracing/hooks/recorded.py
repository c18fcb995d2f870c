"""What a recorder keeps of a pass: its calls, the layers that they become, and the part of the input that they show."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from headscope.data.arrays import ArrayRecord
from headscope.data.layers import MissingLayer, Record
from headscope.tracing.hooks.call_reader import Proof
from headscope.tracing.hooks.labels import SideName
from headscope.tracing.qk.record import QKRecord
from headscope.tracing.qk.windowed import joined

if TYPE_CHECKING:
    from headscope.data.grids import Grid
    from headscope.tracing.hooks.calls import Origin
    from headscope.tracing.images.image_tokens import Images
    from headscope.tracing.images.layout import Layouts
    from headscope.tracing.images.placed import Placed
    from headscope.tracing.memory.offload import Offload
    from headscope.tracing.qk.windowed import Places


@dataclass(frozen=True)
class Batch:
    """The part of the model's input to record."""

    size: int
    """The number of texts in the batch."""
    row: int
    """The zero-based number of the captured text."""
    unpadded: Mapping[SideName, tuple[int, Tensor | None]]
    """For each side, its number of positions, and those that are not padding (int64; None for all)."""
    padding: Mapping[str, tuple[int, Tensor]] = field(default_factory=dict)
    """For each argument of a plain module with padding, its number of positions, and those that are not padding."""
    images: Images | None = None
    """The images that belong to the text; None if that is unknown."""
    argument: str = "input_ids"
    """The argument that holds the text, whose padding is known."""
    trims: bool = False
    """Whether to leave out, as padding, positions of a sound that the model's own mask hides from every query."""
    layouts: Layouts | None = None
    """What the parts of joined sequences are; None if nothing is known."""


class Place(NamedTuple):
    """The key by which recorded layers are grouped into attention maps."""

    kind: str
    tower: tuple[str, int] | None
    """The name of a tower, or of a part that runs for several texts, and the number of its earlier runs; else None."""
    num_queries: int
    num_keys: int
    number: int = 0
    """The number of earlier calls in the same run of the module, if they differ and are no pieces of one layer."""
    pieces: int = 1
    """The number of independent pieces whose positions follow one another, such as the frames of a video."""
    turn: int = 0
    """The number of earlier calls in the same run of its layer, if the calls take pieces or sequences in turn."""
    origins: tuple[Origin, Origin] = ((), ())
    """The arguments of the model whose positions queries and keys have; empty if they are unknown."""
    grids: tuple[Grid | None, Grid | None] = (None, None)
    """The grids of patches that queries and keys are known to be, row by row; None if that is unknown."""
    role: str = ""
    """The name of the modules without numbers, if their windows lie in an order of their own."""


@dataclass(frozen=True)
class Layer:
    """A recorded call of an attention module."""

    place: Place
    module: str
    record: Record
    tier: int
    dtype: str
    proof: Proof
    ids: Tensor | None = None
    """The token ids that the running part of the model has read, shape (positions,); None if it read none."""


@dataclass
class Call:
    """A call of an attention module that is being recorded, and its pieces, such as the windows of an image."""

    kind: str
    module: str
    tier: int
    dtype: str
    proof: Proof
    run: tuple[str, int] | None = None
    ids: Tensor | None = None
    pieces: list[Record] = field(default_factory=list)
    places: tuple[Places, Places] | None = None
    """For each piece, the positions in the map of its rows and of its columns; None if they follow one another."""
    number: int = 0
    rows: int = 1
    """The number of pieces of the call whose positions follow one another; 1 if their places are known."""
    turn: int = 0
    origins: tuple[Origin, Origin] = ((), ())
    grids: tuple[Grid | None, Grid | None] = (None, None)
    marks: NDArray[np.float32] | None = None
    """Numbers by which the keys are known again in other calls of the same run; None if they are unknown."""
    output_at: int | None = None
    """Where the output of the call lies in memory."""

    def lie(self, known: Placed | None, rows: int) -> None:
        """Remember where the pieces of the call lie in an image; without known places, one behind the other."""
        if known is None:
            self.rows = rows
        else:
            self.places, self.grids = (known.query_at, known.key_at), known.grids

    @property
    def place(self) -> Place:
        """The key of the map that the call belongs to."""
        record = self.record
        turn, origins = self.turn if self.rows > 1 else 0, self.origins
        sizes = record.num_queries, record.num_keys
        role = re.sub(r"\d+", "", self.module) if self.rows > 1 and all(origins) else ""
        return Place(self.kind, self.run, *sizes, self.number, self.rows, turn, origins, self.grids, role)

    @property
    def record(self) -> Record:
        """All pieces joined to one record."""
        return joined(self.pieces, self.places, self.module)

    def drop(self) -> None:
        """Keep only the sizes."""
        record = self.record
        self.pieces, self.places = [MissingLayer(record.num_heads, record.num_queries, record.num_keys)], None

    def write_to(self, file: Offload) -> None:
        """Move queries and keys from memory to a file."""
        self.pieces = [file.stored_record(piece) for piece in self.pieces]

    def equals(self, other: Call) -> bool:
        """Return whether two calls have the same queries, keys and rules, so that one shows both."""
        return len(self.pieces) == len(other.pieces) and all(map(_equal, self.pieces, other.pieces))


def _equal(one: Record, other: Record) -> bool:
    """Return whether two records give the same weights for the same reasons."""
    if isinstance(one, ArrayRecord) and isinstance(other, ArrayRecord):
        return bool(torch.equal(one.array, other.array))
    if not (isinstance(one, QKRecord) and isinstance(other, QKRecord)):
        return False
    pairs = (one.query, other.query), (one.key, other.key)
    return one.rules.alike(other.rules) and all(a.shape == b.shape and bool(torch.equal(a, b)) for a, b in pairs)
