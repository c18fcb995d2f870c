"""Rebuild records of queries and keys, with the rules that turn them into weights; importing this loads torch."""

from __future__ import annotations

from typing import Any

from headscope.files.fields import BrokenFileError, Field
from headscope.files.schema import FLOATS, MAX_POSITIONS
from headscope.files.tensors import SharedTensors, Size
from headscope.tracing.memory.mmap_tensor import mmap_tensor
from headscope.tracing.qk.biases import Bias, DistanceBias, TableBias
from headscope.tracing.qk.masks import Visible
from headscope.tracing.qk.record import QKRecord
from headscope.tracing.qk.tensors import Rules


def vector_record(tensors: SharedTensors, field: Field, size: Size) -> QKRecord:
    """Return the record of one layer, or of a piece of one.

    Raises
    ------
    BrokenFileError
        The parts of the record do not fit each other.
    """
    num_heads, num_queries, num_keys = size
    num_kv_heads = field["num_kv_heads"].integer(1, num_heads)
    if num_heads % num_kv_heads:
        raise field["num_kv_heads"].wrong(f"a number that divides {num_heads} heads")
    head_dim = field["head_dim"].integer(1, MAX_POSITIONS)
    return QKRecord(
        query=_floats(tensors, field["queries"], (num_heads, num_queries, head_dim)),
        key=_floats(tensors, field["keys"], (num_kv_heads, num_keys, head_dim)),
        rules=_rules(tensors, field, size),
        module=field["module"].text(),
        rotary=field["rotary"].flag(),
    )


def _rules(tensors: SharedTensors, field: Field, size: Size) -> Rules:
    softcap, sinks, visible = (field[name] for name in ("softcap", "sinks", "visible"))
    if softcap.there and softcap.number() <= 0:
        raise softcap.wrong("a number above 0")
    return Rules(
        scaling=field["scaling"].number(),
        softcap=softcap.number() if softcap.there else None,
        sinks=_floats(tensors, sinks, size[:1]) if sinks.there else None,
        visible=_visible(tensors, visible, size) if visible.there else None,
        biases=tuple(_bias(tensors, bias, size) for bias in field["biases"]),
    )


def _floats(tensors: SharedTensors, field: Field, shape: tuple[int | None, ...]) -> Any:
    dtype, values = tensors.file.array(field, FLOATS, shape)
    return mmap_tensor(values, bfloat16=dtype == "BF16")


def _visible(tensors: SharedTensors, field: Field, size: Size) -> Visible:
    _, num_queries, num_keys = size
    if field["num_keys"].integer(0, MAX_POSITIONS) != num_keys:
        raise field["num_keys"].wrong(f"{num_keys}, as the layer has")
    parts = {name: field[name] for name in ("start", "stop", "shown", "exceptions")}

    def make() -> Visible:
        start, stop = (
            mmap_tensor(tensors.integers(parts[name], num_queries, 0, num_keys)) for name in ("start", "stop")
        )
        shown = _switches(tensors, parts["shown"], (num_keys,))
        return Visible(num_keys, start, stop, shown, _switches(tensors, parts["exceptions"], (num_queries, num_keys)))

    return tensors.once(("visible", num_queries, num_keys, *map(_name, parts.values())), make)


def _switches(tensors: SharedTensors, field: Field, shape: tuple[int, ...]) -> Any:
    return mmap_tensor(tensors.file.array(field, ["U8"], shape)[1].view(bool)) if field.there else None


def _bias(tensors: SharedTensors, field: Field, size: Size) -> Bias:
    num_heads, num_queries, num_keys = size
    if field["kind"].one_of(("distance", "table")) == "table":
        table, name = field["table"], _name(field["table"])
        return tensors.once(
            ("table", size, name), lambda: TableBias(_table(tensors, table, num_heads, (num_queries, num_keys)))
        )
    parts = [field[name] for name in ("table", "query_at", "key_at")]
    zero = field["zero"].integer(-MAX_POSITIONS, MAX_POSITIONS)
    return tensors.once(
        ("distance", size, zero, *map(_name, parts)), lambda: _distance_bias(tensors, parts, zero, size)
    )


def _distance_bias(tensors: SharedTensors, parts: list[Field], zero: int, size: Size) -> DistanceBias:
    """Return the bias, and check that its table covers every distance that can occur."""
    table = _table(tensors, parts[0], size[0], (None,))
    query_at, key_at = (
        mmap_tensor(tensors.integers(part, count, -MAX_POSITIONS, MAX_POSITIONS))
        for part, count in zip(parts[1:], size[1:], strict=True)
    )
    if query_at.numel() and key_at.numel():
        first = int(key_at.min()) - int(query_at.max()) + zero
        last = int(key_at.max()) - int(query_at.min()) + zero
        if first < 0 or last >= table.shape[1]:
            raise BrokenFileError(
                f"{parts[0].what} has {table.shape[1]} distances, but the positions need those from {first} to {last}"
            )
    return DistanceBias(table, zero, query_at, key_at)


def _table(tensors: SharedTensors, field: Field, num_heads: int, shape: tuple[int | None, ...]) -> Any:
    """Return a table with a row per head, or with one row that all heads share."""
    dtype, values = tensors.file.array(field, FLOATS, (None, *shape))
    if values.shape[0] not in (1, num_heads):
        raise BrokenFileError(f"{field.what} is a tensor for {values.shape[0]} heads, not for 1 or {num_heads}")
    return mmap_tensor(values, bfloat16=dtype == "BF16")


def _name(field: Field) -> str | None:
    return field.text() if field.there else None
