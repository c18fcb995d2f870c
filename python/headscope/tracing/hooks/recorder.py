"""Record attention calls while a model runs: one record per call of an attention module."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from headscope.data.arrays import ArrayRecord
from headscope.data.layers import Record
from headscope.tracing.hooks import active_recorder as current
from headscope.tracing.hooks.call_reader import CallReader, Proof
from headscope.tracing.hooks.labels import Labeller, SideName
from headscope.tracing.hooks.memory_places import place
from headscope.tracing.hooks.module_stack import Watch
from headscope.tracing.hooks.modules import is_attention, num_streams
from headscope.tracing.hooks.parts_of_layers import chunks_joined, heads_joined, marks_of
from headscope.tracing.hooks.recorded import Batch, Call, Layer, Place
from headscope.tracing.hooks.shapes import folded_rows, lengths_of
from headscope.tracing.images.placed import placed
from headscope.tracing.memory.to_device import to_device
from headscope.tracing.qk.record import QKRecord
from headscope.tracing.qk.rules import CallPart

if TYPE_CHECKING:
    from headscope.tracing.hooks.batch_layout import BatchLayout
    from headscope.tracing.hooks.calls import AttentionCall, Origin
    from headscope.tracing.hooks.origins import Origins
    from headscope.tracing.images.layout import Layout
    from headscope.tracing.memory.offload import Offload


JOINING: tuple[SideName, ...] = ("main", "decoder", "other")
"""The sides that may hold a text and something else together."""


class Recorder:
    """Records the arguments of every attention call of one forward pass, and proves each against what came out of it.

    Parameters
    ----------
    labels
        Assigns modules to maps.
    watch
        Knows the running modules.
    batch
        The part of the model's input to record.
    wanted
        The zero-based layers of each map to keep; None for all.
    layout
        The axis of the input that counts texts.
    origins
        Which argument of the model the positions of a tensor are those of.
    offload
        The file to which finished layers are written; None (default) keeps them on their device.
    """

    def __init__(
        self,
        labels: Labeller,
        watch: Watch,
        batch: Batch,
        wanted: Collection[int] | None,
        layout: BatchLayout,
        origins: Origins,
        offload: Offload | None = None,
    ) -> None:
        self.watch: Watch = watch
        self.layout: BatchLayout = layout
        self.origins: Origins = origins
        self.labels = labels
        self._calls: list[Call] = []
        self._running: list[Call] = []
        """The calls of the newest run of a module, which are not settled."""
        self._newest: tuple[int, int] | None = None
        """That module's id, and the number of its run."""
        self._batch = batch
        self._wanted = wanted
        self._offload = offload
        self._count: Counter[Place] = Counter()
        self._reader = CallReader()
        self.trimmed: dict[tuple[SideName, int], tuple[int, list[int]]] = {}
        """For each side and number of kept positions: the number of all positions, and the kept ones."""
        self.laid: dict[tuple[SideName, int], Layout] = {}
        """The layout of joined sequences, for each side and number of kept positions."""
        self.of_others: set[str] = set()
        """The modules that ran only for other texts of the batch."""
        self.shared: set[str] = set()
        """The maps that show all texts of a batch, because their parts can't be assigned to texts."""
        self.refused: dict[str, str] = {}
        """The reasons why calls that were seen are not shown, by the module's name."""
        self.doubted: dict[str, str] = {}
        """The reasons why a module is not shown if nothing else is seen of it, by its name."""
        self.suspected: dict[str, str] = {}
        """Reasons of modules that may be no attention, said only if the whole model shows nothing."""
        self.several: dict[str, int] = {}
        """The number of layers that one run of a module makes, if there are several, by the module's name."""
        self.repeated: Counter[str] = Counter()
        """The number of further calls with equal queries and keys, by the module's name."""

    @property
    def may_join(self) -> bool:
        """Whether the model may put a text and other things together, or several texts."""
        joined = self._batch.layouts is not None and self._batch.layouts.reads_more_than_a_text
        return joined or (self.labels.two_sides and not self.labels.crosses)

    @property
    def layers(self) -> list[Layer]:
        """The recorded layers, in the order of the calls."""
        self._settle()
        records = [call.record for call in self._calls]
        if self._offload is not None:  # queries and keys from a file are in host memory, so masks have to be there too
            records = list(to_device(tuple(records), "cpu"))
        return [
            Layer(call.place, call.module, record, call.tier, call.dtype, call.proof, call.ids)
            for call, record in zip(self._calls, records, strict=True)
        ]

    def clear(self) -> None:
        """Free all records: the traceback of a failed pass keeps the recorder alive."""
        self._calls.clear()
        self._running.clear()

    def take(self, seen: AttentionCall) -> None:
        """Record one call, if replay proves it; else remember why it is not shown."""
        with current.unseen():
            self._take(seen)

    def take_outer(self, seen: AttentionCall, inside: list[AttentionCall]) -> None:
        """Record a call of a user's function if replay proves it; else what was seen inside of it."""
        self.take(seen)
        name = self._call_name(seen.module)
        reason = self.refused.pop(name, None)
        if reason is None:
            return
        before = set(map(id, self._running))
        for call in inside:
            self.take(call)
        if any(id(call) not in before for call in self._running):
            self.refused.pop(name, None)
        else:
            self.refused[name] = reason

    def refuse(self, module: torch.nn.Module, reason: str) -> None:
        """Show nothing of a module, because what its calls compute is no attention of queries to keys."""
        name = self._name(module)
        self.refused[self._call_name(module)] = reason
        self._running = [call for call in self._running if call.module != name]

    def doubt(self, module: torch.nn.Module, reason: str, certain: bool) -> None:
        """Remember why one of a module's calls is not shown, in case that no other is; perhaps it is no attention."""
        (self.doubted if certain else self.suspected).setdefault(self._name(module), reason)

    def _call_name(self, module: torch.nn.Module) -> str:
        """Return a name of the running call of a module: the module's, with a number after its first run."""
        number = self.watch.invocation_of(module)
        return f"{self._name(module)}, run {number + 1}" if number else self._name(module)

    def _name(self, module: torch.nn.Module) -> str:
        return self.watch.names.get(id(module), type(module).__name__)

    def _take(self, seen: AttentionCall) -> None:
        name = self._name(seen.module)
        if self.layout.other or self.layout.folded or self._call_name(seen.module) in self.refused:
            return
        if self._folds_heads(seen):
            self.refused[self._call_name(seen.module)] = folded_rows(seen.module, seen.num_queries)
            return
        turn = self.watch.turn_of(seen.module)
        map_name = self.labels.map_of(seen.module, name, turn, seen.origins)
        rows = self._rows(name, map_name, seen.batch)
        if not rows:
            return
        run = self._run(name, seen.origins)
        parts = [self._part_of_call(map_name, row, len(rows), seen) for row in rows]
        trim = None if not self._batch.trims else lambda shown, part: self._trimmed(map_name, shown, part, seen)
        found = self._reader.read(seen, parts, name, trim)
        if isinstance(found, str):
            self.refused[self._call_name(seen.module)] = found
            return
        call = self._begun(name, map_name, seen, found.proof, run)
        call.ids = _read(self.watch.ids(), self._batch.row, parts[0], found.records[0].num_queries)
        call.pieces += [self._written(self._owned(piece)) for piece in found.records]
        call.turn = turn
        if len(rows) == 1 and self.layout.generic:  # models of transformers take chunks of keys in order
            call.marks = marks_of(seen, parts[0])
        call.output_at = place(seen.output)
        call.lie(placed(self.watch.stack, len(rows), (seen.num_queries, seen.num_keys)), len(rows))

    def _folds_heads(self, seen: AttentionCall) -> bool:
        """Return whether a plain module's queries are heads and positions together, while its keys are positions."""
        queries, keys = seen.num_queries, seen.num_keys
        if not self.layout.generic or queries == keys or queries % keys or len(set(seen.origins)) > 1:
            return False
        positions = lengths_of(self.watch.stack, self.layout.size)
        return all(seen.origins) and keys in positions and queries not in positions

    def _begun(self, name: str, kind: str, seen: AttentionCall, proof: Proof, run: tuple[str, int] | None) -> Call:
        """Return a new call; calls of an earlier run of a module are settled first."""
        self.watch.recorded.add(name)
        newest = id(seen.module), self.watch.invocation_of(seen.module)
        if newest != self._newest:
            self._settle()
            self._newest = newest
        call = Call(
            kind=kind,
            module=name,
            tier=3 if proof.given else seen.tier,
            dtype=str(seen.dtype).removeprefix("torch."),
            proof=proof,
            run=run,
            origins=seen.origins,
        )
        self._running.append(call)
        return call

    def _settle(self) -> None:
        """Finish the calls of the newest run of a module: drop layers that are not wanted, or write them to the file.

        The run has to be over, because only then it is known which map and layer its calls are.
        """
        running, newest = self._running, self._newest
        self._running, self._newest = [], None
        if newest is None:
            return
        for call in self._told_apart(running, newest):
            if self._wanted is not None and self._count[call.place] not in self._wanted:
                call.drop()
            elif self._offload is not None and self._wanted is not None:
                call.write_to(self._offload)
            self._count[call.place] += 1
            self._calls.append(call)

    def _told_apart(self, running: list[Call], newest: tuple[int, int]) -> list[Call]:
        """Return the layers that several calls of one run of a module are.

        Each of a module's streams is a layer. Else, calls that together have as many queries as the module returned
        positions are pieces of one layer, calls with equal queries and keys are one, and others whose outputs are
        concatenated are heads of one layer. In a module that is no attention module, each call is a layer. Others are
        told apart by their number.
        """
        if len(running) < 2:
            return running
        module = self.watch.modules[running[0].module]
        if len(running) == 1 + num_streams(module):
            return self._numbered(module, running)
        queries = sum(call.record.num_queries for call in running)
        if queries in self.watch.lengths.get(newest, ()):
            return [chunks_joined(running)]
        distinct: list[Call] = []
        for call in running:
            if any(call.equals(other) for other in distinct):
                self.repeated[call.module] += 1
            else:
                distinct.append(call)
        equal = len(distinct) < len(running)  # the same weights for several parts of the values
        together = heads_joined(distinct) if not equal and self._concatenated(distinct) else None
        if together is not None:
            return [together]
        if is_attention(module):
            return self._numbered(module, distinct)
        if len(distinct) > 1:
            self.several[running[0].module] = len(distinct)
        return distinct

    def _concatenated(self, running: list[Call]) -> bool:
        """Return whether the model has put the outputs of calls next to one another, as those of heads."""
        outputs = [call.output_at for call in running]
        return None not in outputs and outputs in self.watch.joins.together

    def _numbered(self, module: torch.nn.Module, calls: list[Call]) -> list[Call]:
        for number, call in enumerate(calls):
            call.kind, call.number = self.labels.stream_of(module, call.kind, number)
        return calls

    def _owned(self, piece: Record) -> Record:
        """Return a piece in memory of its own, unless it will be written to the file anyway.

        The model's code, or its next pass, may write into what a call was given, such as a workspace or a cache.
        """
        if self._offload is not None and self._wanted is None:
            return piece
        if isinstance(piece, QKRecord):
            return replace(piece, query=piece.query.detach().clone(), key=piece.key.detach().clone())
        return ArrayRecord(piece.array.detach().clone(), piece.module) if isinstance(piece, ArrayRecord) else piece

    def _written(self, piece: Record) -> Record:
        """Write a piece to the file at once, so that the pass can free its memory as usual.

        With `layers=`, it is unknown until the end of the call whether the layer is wanted; `_settle` writes it then.
        """
        return piece if self._offload is None or self._wanted is not None else self._offload.stored_record(piece)

    def _run(self, name: str, origins: tuple[Origin, Origin]) -> tuple[str, int] | None:
        """Return the tower of a module and the number of its run; or the part that runs anew for another text."""
        root = self.labels.root_of(name)
        if root is not None:  # a tower may run for images and again for videos
            return root, self.watch.invocation_of(self.watch.modules[root])
        return None if all(origins) else self.watch.run()  # origins tell the text, however often a part runs

    def _rows(self, name: str, map_name: str, pieces: int) -> range:
        """Return the pieces of a call that belong to the captured text."""
        size, row, images = self._batch.size, self._batch.row, self._batch.images
        of_text = "main" in self.labels.sides_of(map_name)
        if images is not None and pieces == images.total and not of_text:
            if not images.own:
                self.of_others.add(name)
            return images.own
        if pieces % size == 0:  # a text has one piece or several, such as windows or images
            each = pieces // size
            return range(row * each, (row + 1) * each)
        if pieces == 1 or not of_text:  # all images of the batch, packed into one sequence
            self.shared.add(map_name)
            return range(pieces)
        if self.layout.generic and size > 1:
            self.layout.folded = True
            return range(0)
        raise ValueError(
            f"the attention of {name!r} runs over {pieces} pieces for a batch of {size}, and it is unknown which of "
            f"them belong to text {row}. Capture the texts one at a time."
        )

    def _part_of_call(self, map_name: str, row: int, num_pieces: int, seen: AttentionCall) -> CallPart:
        if num_pieces > 1:
            return CallPart(row, None, None)
        of_text = [not origin or origin == (self._batch.argument,) for origin in seen.origins]
        sizes = seen.num_queries, seen.num_keys
        queries, keys = (
            self._shown(origin, size)
            if origin and origin[0] in self._batch.padding
            else self._unpadded(side, size)
            if own
            else None
            for side, size, own, origin in zip(
                self.labels.sides_of(map_name), sizes, of_text, seen.origins, strict=True
            )
        )
        by_key_mask = any(origin and origin[0] in self._batch.padding for origin in seen.origins)
        return CallPart(row, queries, keys, by_key_mask=by_key_mask)

    def _shown(self, origin: Origin, size: int) -> Tensor | None:
        """Return the positions of an argument that its key mask shows; None if other positions are counted."""
        length, positions = self._batch.padding[origin[0]]
        return positions if len(origin) == 1 and size == length else None

    def _trimmed(self, map_name: str, shown: Tensor, chosen: CallPart, seen: AttentionCall) -> CallPart | None:
        """Return the positions to keep of a sound that ends in padding; None if nothing is to be trimmed.

        Parameters
        ----------
        map_name
            The map.
        shown
            True for keys that any query may see, shape (num_keys,), bool.
        chosen
            The part of the call that is kept so far.
        seen
            The call.
        """
        if chosen.keys is not None:
            return None
        positions, (query_side, key_side) = shown.nonzero()[:, 0], self.labels.sides_of(map_name)
        if not len(positions):
            return None
        self.trimmed[key_side, len(positions)] = len(shown), positions.tolist()
        same = query_side == key_side and seen.num_queries == len(shown)
        return CallPart(chosen.row, positions if same else chosen.queries, positions, trimmed=True)

    def _unpadded(self, side: SideName, size: int) -> Tensor | None:
        length, positions = self._batch.unpadded.get(side, (0, None))
        if size == length:
            return positions
        # The mask does not cover other positions than the text's, such as patches or a learned prefix.
        layouts = self._batch.layouts if side in JOINING else None  # as many patches as words are no words
        layout = None if layouts is None else layouts.find(size, self.watch.joins, side)
        if layout is None:
            return None
        kept = layout.kept
        self.laid[side, size if kept is None else len(kept)] = layout
        return kept


def _read(ids: Tensor | None, row: int, part: CallPart, count: int) -> Tensor | None:
    """Return the ids of the positions that a record shows, shape (count,); None if other positions are shown."""
    if ids is None or not len(ids):
        return None
    own = ids[min(row, len(ids) - 1)]
    if len(own) != count and part.queries is not None and int(part.queries.max()) < len(own):
        own = own[part.queries.to(own.device)]
    return own if len(own) == count else None
