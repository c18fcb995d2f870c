"""Rebuild the records of a map's layers: memory-mapped weights, queries and keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from headscope.data.arrays import ArrayRecord
from headscope.data.layers import MissingLayer, PlacedPiece, Record
from headscope.files.fields import BrokenFileError, Field
from headscope.files.numbers import Bfloat16Array
from headscope.files.safetensors_reader import TensorFile
from headscope.files.schema import FLOATS, MAX_POSITIONS
from headscope.files.tensors import SharedTensors, Size

MAX_HEADS = 1 << 16
"""The upper limit on a layer's heads: a layer that was not kept has no tensor to check their number against."""

KINDS = ("vectors", "weights", "pieces", "missing")
PIECES = ("vectors", "weights")


class Layers:
    """Rebuilds the layers of a file; tensors that layers share are read once."""

    def __init__(self, file: TensorFile) -> None:
        self._tensors = SharedTensors(file)

    def restored(self, field: Field, num_queries: int, num_keys: int) -> list[Record]:
        """Return the records of a map of `num_queries` by `num_keys` tokens."""
        records, heads = list(field["records"]), [count.integer(1, MAX_HEADS) for count in field["num_heads"]]
        layers = field["num_layers"]
        if not len(records) == len(heads) == layers.integer(1, MAX_POSITIONS):
            raise layers.wrong(f"the number of its {len(records)} records and {len(heads)} numbers of heads")
        return [
            self._record(record, (count, num_queries, num_keys), KINDS)
            for record, count in zip(records, heads, strict=True)
        ]

    def _record(self, field: Field, size: Size, kinds: Sequence[str]) -> Record:
        kind = field["kind"].one_of(kinds)
        if field["num_heads"].integer(1, MAX_HEADS) != size[0]:
            raise field["num_heads"].wrong(f"{size[0]}, as the map says")
        if kind == "missing":
            return MissingLayer(*size)
        make = {"vectors": self._vectors, "weights": self._weights, "pieces": self._pieces}[kind]
        return make(field, size)

    def _weights(self, field: Field, size: Size) -> Record:
        dtype, values = self._tensors.file.array(field["weights"], FLOATS, size)
        by_steps = field["by_steps"].flag() if field.has("by_steps") else False
        array = Bfloat16Array(values) if dtype == "BF16" else values
        return ArrayRecord(array, field["module"].text(), by_steps=by_steps)

    def _vectors(self, field: Field, size: Size) -> Record:
        from headscope.files.vectors import vector_record

        return vector_record(self._tensors, field, size)

    def _pieces(self, field: Field, size: Size) -> Record:
        from headscope.tracing.qk.windowed import VectorPieces, record_of

        query_at = self._places(field["query_at"], size[1])
        key_at = self._places(field["key_at"], size[2])
        parts = list(field["pieces"])
        if not 2 <= len(parts) == len(query_at) == len(key_at):
            raise BrokenFileError(
                f"{field.what} has {len(parts)} pieces, {len(query_at)} query_at and {len(key_at)} key_at"
            )
        pieces = [
            PlacedPiece(self._record(part, (size[0], len(rows), len(columns)), PIECES), rows, columns)
            for part, rows, columns in zip(parts, query_at, key_at, strict=True)
        ]
        record = record_of(pieces, field["module"].text())
        if isinstance(record, VectorPieces):
            sizes = {(piece.num_kv_heads, cast("Any", piece).key.shape[2]) for piece in record.vectors}
            if len(sizes) > 1:
                raise BrokenFileError(f"the pieces of {field.what} differ in num_kv_heads or head_dim")
        return record

    def _places(self, field: Field, count: int) -> list[NDArray[np.int64]]:
        """Return for each piece the position, below `count`, of each of its rows; -1 for padding."""
        source = "places", count, *(part.text() for part in field)
        places = self._tensors.once(source, lambda: [self._positions(part, count) for part in field])
        if max((int(part.max()) for part in places), default=-1) != count - 1:
            raise BrokenFileError(f"{field.what} does not reach the last of {count} positions")
        return places

    def _positions(self, field: Field, count: int) -> NDArray[np.int64]:
        places = self._tensors.integers(field, None, -1, count - 1)
        known = places[places >= 0]
        if not len(places) or len(np.unique(known)) < len(known):
            raise BrokenFileError(f"{field.what} has a position twice" if len(places) else f"{field.what} is empty")
        return places
