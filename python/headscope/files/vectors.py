"""Makes records of queries and keys again, and the rules that make weights of them; this loads torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from headscope.capture.biases import Bias, DistanceBias, TableBias
from headscope.capture.mapped import mapped
from headscope.capture.masks import Visible
from headscope.capture.record import QKRecord, Rules
from headscope.files.fields import BrokenFileError, Field
from headscope.files.format import FLOATS, MOST_POSITIONS

if TYPE_CHECKING:
    from headscope.files.layers import Layers, Size


def vector_record(layers: Layers, field: Field, size: Size) -> QKRecord:
    """Return one layer, or a piece of one.

    Raises
    ------
    BrokenFileError
        Its parts do not fit each other.
    """
    num_heads, num_queries, num_keys = size
    num_kv_heads = field["num_kv_heads"].integer(1, num_heads)
    if num_heads % num_kv_heads:
        raise field["num_kv_heads"].wrong(f"a number that divides {num_heads} heads")
    head_dim = field["head_dim"].integer(1, MOST_POSITIONS)
    return QKRecord(
        _floats(layers, field["queries"], (num_heads, num_queries, head_dim)),
        _floats(layers, field["keys"], (num_kv_heads, num_keys, head_dim)),
        _rules(layers, field, size),
        field["module"].text(),
        field["rotary"].flag(),
    )


def _rules(layers: Layers, field: Field, size: Size) -> Rules:
    softcap, sinks, visible = (field[name] for name in ("softcap", "sinks", "visible"))
    if softcap.there and softcap.number() <= 0:
        raise softcap.wrong("a number above 0")
    return Rules(
        scaling=field["scaling"].number(),
        softcap=softcap.number() if softcap.there else None,
        sinks=_floats(layers, sinks, size[:1]) if sinks.there else None,
        visible=_visible(layers, visible, size) if visible.there else None,
        biases=tuple(_bias(layers, bias, size) for bias in field["biases"]),
    )


def _floats(layers: Layers, field: Field, shape: tuple[int | None, ...]) -> Any:
    dtype, values = layers.file.array(field, FLOATS, shape)
    return mapped(values, bfloat16=dtype == "BF16")


def _visible(layers: Layers, field: Field, size: Size) -> Visible:
    _, num_queries, num_keys = size
    if field["num_keys"].integer(0, MOST_POSITIONS) != num_keys:
        raise field["num_keys"].wrong(f"{num_keys}, as the layer has")
    parts = {name: field[name] for name in ("start", "stop", "shown", "exceptions")}

    def make() -> Visible:
        start, stop = (mapped(layers.integers(parts[name], num_queries, 0, num_keys)) for name in ("start", "stop"))
        shown = _switches(layers, parts["shown"], (num_keys,))
        return Visible(num_keys, start, stop, shown, _switches(layers, parts["exceptions"], (num_queries, num_keys)))

    return layers.once(("visible", num_queries, num_keys, *map(_name, parts.values())), make)


def _switches(layers: Layers, field: Field, shape: tuple[int, ...]) -> Any:
    return mapped(layers.file.array(field, ["U8"], shape)[1].view(bool)) if field.there else None


def _bias(layers: Layers, field: Field, size: Size) -> Bias:
    num_heads, num_queries, num_keys = size
    if field["kind"].one_of(("distance", "table")) == "table":
        table, name = field["table"], _name(field["table"])
        return layers.once(
            ("table", size, name), lambda: TableBias(_table(layers, table, num_heads, (num_queries, num_keys)))
        )
    parts = [field[name] for name in ("table", "query_at", "key_at")]
    zero = field["zero"].integer(-MOST_POSITIONS, MOST_POSITIONS)
    return layers.once(("distance", size, zero, *map(_name, parts)), lambda: _distance_bias(layers, parts, zero, size))


def _distance_bias(layers: Layers, parts: list[Field], zero: int, size: Size) -> DistanceBias:
    """Return the bias, once each distance that can come up is in its table."""
    table = _table(layers, parts[0], size[0], (None,))
    query_at, key_at = (
        mapped(layers.integers(part, count, -MOST_POSITIONS, MOST_POSITIONS))
        for part, count in zip(parts[1:], size[1:], strict=True)
    )
    if query_at.numel() and key_at.numel():
        first = int(key_at.min()) - int(query_at.max()) + zero
        last = int(key_at.max()) - int(query_at.min()) + zero
        if first < 0 or last >= table.shape[1]:
            raise BrokenFileError(
                f"{parts[0].what} has {table.shape[1]} distances, but those from {first} to {last} are asked for"
            )
    return DistanceBias(table, zero, query_at, key_at)


def _table(layers: Layers, field: Field, num_heads: int, shape: tuple[int | None, ...]) -> Any:
    """Return a table of all heads, or of one row that serves all of them."""
    dtype, values = layers.file.array(field, FLOATS, (None, *shape))
    if values.shape[0] not in (1, num_heads):
        raise BrokenFileError(f"{field.what} is a tensor for {values.shape[0]} heads, not for 1 or {num_heads}")
    return mapped(values, bfloat16=dtype == "BF16")


def _name(field: Field) -> str | None:
    return field.text() if field.there else None
