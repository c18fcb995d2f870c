"""What is kept while a model runs: one record for each call of an attention module."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor

from headscope.arrays import ArrayRecord
from headscope.capture.labels import Labeller, Side
from headscope.capture.moving import moved
from headscope.capture.pieces import joined
from headscope.capture.record import QKRecord, Rules
from headscope.capture.rotary import is_rotary
from headscope.capture.rules import Kept, RuleReader
from headscope.capture.sharing import share_out
from headscope.capture.watch import Returned, Watch
from headscope.capture.windows import window_places
from headscope.records import LeftOut, Record

if TYPE_CHECKING:
    from headscope.capture.offload import Offload
    from headscope.capture.pictures import Images
    from headscope.capture.pieces import Places


@dataclass(frozen=True)
class Batch:
    """Which part of a model's input is kept."""

    size: int
    """How many texts there are."""
    row: int
    """Which of them."""
    unpadded: Mapping[Side, tuple[int, Tensor | None]]
    """For each side, how many positions it has and which of them are not padding (int64, None for all)."""
    images: Images | None = None
    """Which of all images belong to the text; None where nobody says."""
    trims: bool = False
    """Whether positions of a sound that the model's own mask hides from every query are padding, to be left out."""


class Place(NamedTuple):
    """What tells attention maps from each other."""

    kind: str
    tower: tuple[str, int] | None
    """The name of its tower, and how often that ran before; None outside of towers."""
    num_queries: int
    num_keys: int


@dataclass(frozen=True)
class Layer:
    """One call of an attention module."""

    place: Place
    module: str
    record: Record
    tier: int
    dtype: str


@dataclass
class Call:
    """One call of an attention module, in which the module may attend to several pieces one after another."""

    kind: str
    module: str
    tier: int
    dtype: str
    tower: tuple[str, int] | None = None
    pieces: list[Record] = field(default_factory=list)
    places: Places | None = None
    settled: bool = False

    @property
    def place(self) -> Place:
        """Return what tells the call's map from others."""
        record = self.record
        return Place(self.kind, self.tower, record.num_queries, record.num_keys)

    @property
    def record(self) -> Record:
        """The pieces put together."""
        return joined(self.pieces, self.places, self.module)

    def leave_out(self) -> None:
        """Let go of all but the sizes."""
        record = self.record
        self.pieces, self.places = [LeftOut(record.num_heads, record.num_queries, record.num_keys)], None

    def write_to(self, file: Offload) -> None:
        """Let go of queries and keys in memory, and read them from a file."""
        self.pieces = [file.kept(piece) for piece in self.pieces]


class Recorder:
    """Takes the arguments of every attention call of one forward pass.

    Parameters
    ----------
    labels
        Which know what map a module belongs to.
    watch
        Which knows what is running.
    batch
        Which part of its input to keep.
    wanted
        Which layers of each map to keep; None for all.
    offload
        The file that layers are written to once they are over; None keeps them where they are.
    """

    def __init__(
        self,
        labels: Labeller,
        watch: Watch,
        batch: Batch,
        wanted: Collection[int] | None,
        offload: Offload | None = None,
    ) -> None:
        self.watch = watch
        self.labels = labels
        self._calls: dict[tuple[str, int], Call] = {}
        self._batch = batch
        self._wanted = wanted
        self._offload = offload
        self._count: Counter[Place] = Counter()
        self._rules = RuleReader()
        self.trimmed: dict[tuple[Side, int], tuple[int, list[int]]] = {}
        """By side and number of positions that are kept, how many there were, and which are kept."""
        self.of_others: set[str] = set()
        """The modules that ran, but not for the captured text."""
        self.shared: set[str] = set()
        """The maps that show what belongs to all texts of a batch, because nobody says what belongs to which."""

    @property
    def layers(self) -> list[Layer]:
        """What was recorded, in the order of the calls."""
        self._settle()
        calls = list(self._calls.values())
        records = [call.record for call in calls]
        if self._offload is not None:  # what lies in a file is computed with in host memory, so masks have to be there
            records = list(moved(tuple(records), "cpu"))
        share_out(records)
        return [
            Layer(call.place, call.module, record, call.tier, call.dtype)
            for call, record in zip(calls, records, strict=True)
        ]

    def let_go(self) -> None:
        """Drop all that was recorded: whoever holds the error of a pass that failed holds the recorder too."""
        self._calls.clear()
        self.watch.returned.clear()

    def take(
        self,
        module: torch.nn.Module,
        query: Tensor,
        key: Tensor,
        mask: Tensor | None,
        options: dict[str, Any],
        tier: int = 1,
    ) -> None:
        """Keep one call: `query` (batch, heads, queries, head_dim), `key` (batch, KV heads, keys, head_dim)."""
        name = self.watch.names.get(id(module), type(module).__name__)
        map_name = self.labels.map_of(module, name)
        rows = self._rows(name, map_name, query.shape[0])
        if not rows:
            return
        call = self._call(name, self.watch.invocation_of(module), map_name, tier, query.dtype)
        for row in rows:
            kept = self._kept(map_name, row, len(rows), query.shape[2], key.shape[2])
            kept = Kept(row, _on(kept.queries, query), _on(kept.keys, key))
            rules = self._rules.read(module, query, key, mask, options, kept)
            padding = self._trimmed(map_name, rules, kept, query.shape[2])
            if padding is not None:
                kept = padding
                rules = self._rules.read(module, query, key, mask, options, kept)
            vectors = self._own(query[row], kept.queries), self._own(key[row], kept.keys)
            call.pieces.append(self._written(QKRecord(*vectors, rules, name, is_rotary(module))))
        if len(rows) > 1:
            call.places = window_places(self.watch.stack, len(rows), query.shape[2])

    def take_weights(self, returned: Returned, map_name: str | None) -> None:
        """Keep the weights that a module returned, shape (batch, heads, queries, keys)."""
        weights, name = returned.weights.detach(), returned.module
        map_name = map_name or self.labels.map_of(self.watch.modules.get(name), name)
        rows = self._rows(name, map_name, weights.shape[0])
        if not rows:
            return
        call = self._call(name, len(self._calls), map_name, 3, weights.dtype)
        for row in rows:
            kept = self._kept(map_name, row, len(rows), *weights.shape[2:])
            part = weights[row]
            part = part if kept.queries is None else part[:, _on(kept.queries, part)]
            part = part if kept.keys is None else part[:, :, _on(kept.keys, part)]
            call.pieces.append(self._written(ArrayRecord(part.clone(), name)))
        if len(rows) > 1:
            call.places = window_places(returned.running, len(rows), weights.shape[2])

    def _call(self, name: str, invocation: int, kind: str, tier: int, dtype: torch.dtype) -> Call:
        key = name, invocation
        if key not in self._calls:
            self._settle()
            self._calls[key] = Call(kind, name, tier, str(dtype).removeprefix("torch."), self._tower(name))
        return self._calls[key]

    def _settle(self) -> None:
        """Let go of the newest call where its layer is not wanted: now that it is over, its place is known."""
        call = next(reversed(self._calls.values()), None)
        if call is not None and not call.settled:
            if self._wanted is not None and self._count[call.place] not in self._wanted:
                call.leave_out()
            elif self._offload is not None and self._wanted is not None:
                call.write_to(self._offload)
            self._count[call.place] += 1
            call.settled = True

    def _own(self, part: Tensor, positions: Tensor | None) -> Tensor:
        """Return the kept positions; in memory that holds nothing else, unless they are about to go to the file."""
        if self._offload is None or positions is not None:
            return _owned(part, positions)
        return part.detach()

    def _written(self, piece: QKRecord | ArrayRecord) -> Record:
        """Write a piece to the file at once, so that the pass frees its memory as it always does.

        Whether a layer is one of those that `layers=` asks for is known when its call is over; then it is written.
        """
        return piece if self._offload is None or self._wanted is not None else self._offload.kept(piece)

    def _tower(self, name: str) -> tuple[str, int] | None:
        """Return which tower a module is in, and which run of it this is: videos may come after images."""
        root = self.labels.root_of(name)
        return None if root is None else (root, self.watch.invocation_of(self.watch.modules[root]))

    def _rows(self, name: str, map_name: str, pieces: int) -> range:
        """Return which pieces of a call belong to the captured text."""
        size, row, images = self._batch.size, self._batch.row, self._batch.images
        of_text = "main" in self.labels.sides_of(map_name)
        if images is not None and pieces == images.total and not of_text:
            if not images.own:
                self.of_others.add(name)
            return images.own
        if pieces % size == 0:  # a text has one piece, or is cut up into several: windows, images
            each = pieces // size
            return range(row * each, (row + 1) * each)
        if pieces == 1 or not of_text:  # all images of the batch, packed
            self.shared.add(map_name)
            return range(pieces)
        raise ValueError(
            f"the attention of {name!r} runs over {pieces} pieces for a batch of {size}: which of them belong to text "
            f"{row} can't be told. Capture the texts one at a time."
        )

    def _kept(self, map_name: str, row: int, num_pieces: int, num_queries: int, num_keys: int) -> Kept:
        sides = self.labels.sides_of(map_name)
        if num_pieces > 1:
            return Kept(row, None, None)
        return Kept(row, self._unpadded(sides[0], num_queries), self._unpadded(sides[1], num_keys))

    def _trimmed(self, map_name: str, rules: Rules, kept: Kept, num_queries: int) -> Kept | None:
        """Return what is kept of a sound whose end is padding; None where there is none."""
        shown = None if rules.visible is None else rules.visible.shown
        if not self._batch.trims or shown is None or kept.keys is not None:
            return None
        positions, (query_side, key_side) = shown.nonzero()[:, 0], self.labels.sides_of(map_name)
        if not len(positions):
            return None
        self.trimmed[key_side, len(positions)] = len(shown), positions.tolist()
        same = query_side == key_side and num_queries == len(shown)
        return Kept(kept.row, positions if same else kept.queries, positions, trimmed=True)

    def _unpadded(self, side: Side, size: int) -> Tensor | None:
        length, positions = self._batch.unpadded.get(side, (0, None))
        # Positions that are not the text's, such as a prefix of learned ones, have no padding that we know of.
        return positions if size == length else None


def _on(positions: Tensor | None, part: Tensor) -> Tensor | None:
    return None if positions is None else positions.to(part.device)


def _owned(part: Tensor, positions: Tensor | None) -> Tensor:
    """Return the kept positions in memory that holds nothing else, shape (heads, positions, head_dim)."""
    part = part.detach()
    if positions is not None:
        return part[:, positions]
    return part if part.untyped_storage().nbytes() == part.nbytes else part.clone()
