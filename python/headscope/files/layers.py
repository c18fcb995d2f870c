"""Makes records of a map's layers again: weights, queries and keys where they lie in the file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from headscope.arrays import ArrayRecord
from headscope.files.fields import BrokenFileError, Field
from headscope.files.format import FLOATS, MOST_POSITIONS
from headscope.files.numbers import Bfloat16Array
from headscope.files.reading import TensorFile
from headscope.records import LeftOut, Record, VectorRecord

MOST_HEADS = 1 << 16
"""A layer that was not kept has no tensor that says how many heads it had."""

KINDS = ("vectors", "weights", "pieces", "missing")
PIECES = ("vectors", "weights")

Size = tuple[int, int, int]
"""How many heads, queries and keys a layer or a piece of one has."""

T = TypeVar("T")


class Layers:
    """The layers of a file; what several of them share is made once."""

    def __init__(self, file: TensorFile) -> None:
        self.file = file
        self._made: dict[object, Any] = {}

    def once(self, source: object, make: Callable[[], T]) -> T:
        """Return what was made of the same tensors before, else make it."""
        if source not in self._made:
            self._made[source] = make()
        return cast("T", self._made[source])

    def restored(self, field: Field, num_queries: int, num_keys: int) -> list[Record]:
        """Return the records of a map, with as many positions as it has tokens."""
        records, heads = list(field["records"]), [count.integer(1, MOST_HEADS) for count in field["num_heads"]]
        layers = field["num_layers"]
        if not len(records) == len(heads) == layers.integer(1, MOST_POSITIONS):
            raise layers.wrong(f"the number of its {len(records)} records and {len(heads)} numbers of heads")
        return [
            self._record(record, (count, num_queries, num_keys), KINDS)
            for record, count in zip(records, heads, strict=True)
        ]

    def _record(self, field: Field, size: Size, kinds: Sequence[str]) -> Record:
        kind = field["kind"].one_of(kinds)
        if field["num_heads"].integer(1, MOST_HEADS) != size[0]:
            raise field["num_heads"].wrong(f"{size[0]}, as the map says")
        if kind == "missing":
            return LeftOut(*size)
        make = {"vectors": self._vectors, "weights": self._weights, "pieces": self._pieces}[kind]
        return make(field, size)

    def _weights(self, field: Field, size: Size) -> Record:
        dtype, values = self.file.array(field["weights"], FLOATS, size)
        return ArrayRecord(Bfloat16Array(values) if dtype == "BF16" else values, field["module"].text())

    def _vectors(self, field: Field, size: Size) -> Record:
        from headscope.files.vectors import vector_record

        return vector_record(self, field, size)

    def _pieces(self, field: Field, size: Size) -> Record:
        from headscope.capture.pieces import PiecesRecord, VectorPieces

        query_at = self._places(field["query_at"], size[1])
        key_at = self._places(field["key_at"], size[2])
        parts = list(field["pieces"])
        if not 2 <= len(parts) == len(query_at) == len(key_at):
            raise BrokenFileError(
                f"{field.what} has {len(parts)} pieces, {len(query_at)} query_at and {len(key_at)} key_at"
            )
        pieces = tuple(
            self._record(part, (size[0], len(rows), len(columns)), PIECES)
            for part, rows, columns in zip(parts, query_at, key_at, strict=True)
        )
        module = field["module"].text()
        if not all(isinstance(piece, VectorRecord) for piece in pieces):
            return PiecesRecord(pieces, query_at, key_at, module)
        vectors = cast("tuple[VectorRecord, ...]", pieces)
        if len({(piece.num_kv_heads, cast("Any", piece).key.shape[2]) for piece in vectors}) > 1:
            raise BrokenFileError(f"the pieces of {field.what} differ in num_kv_heads or head_dim")
        return VectorPieces(vectors, query_at, key_at, module)

    def _places(self, field: Field, count: int) -> list[NDArray[np.int64]]:
        """Return for each piece which of `count` positions each of its rows is, -1 for none."""
        source = "places", count, *(part.text() for part in field)
        places = self.once(source, lambda: [self._positions(part, count) for part in field])
        if max((int(part.max()) for part in places), default=-1) != count - 1:
            raise BrokenFileError(f"{field.what} does not reach to the last of {count} positions")
        return places

    def _positions(self, field: Field, count: int) -> NDArray[np.int64]:
        places = self.integers(field, None, -1, count - 1)
        known = places[places >= 0]
        if not len(places) or len(np.unique(known)) < len(known):
            raise BrokenFileError(f"{field.what} has one position twice" if len(places) else f"{field.what} is empty")
        return places

    def integers(self, field: Field, length: int | None, least: int, most: int) -> NDArray[np.int64]:
        """Return whole numbers, all of them from `least` to `most`."""
        source = "integers", field.text(), length, least, most
        return self.once(source, lambda: self._read(field, length, least, most))

    def _read(self, field: Field, length: int | None, least: int, most: int) -> NDArray[np.int64]:
        _, values = self.file.array(field, ["I32"], (length,))
        if len(values) and not (least <= int(values.min()) and int(values.max()) <= most):
            raise BrokenFileError(f"{field.what} has numbers outside of {least} to {most}")
        return values.astype(np.int64)
