"""What of a capture goes into its file: a description, and the tensors that it names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from headscope.blocks import root_codes
from headscope.contract import OVERVIEW_BINS
from headscope.files.numbers import float_type
from headscope.files.writing import Part, Parts
from headscope.options import has_overviews
from headscope.records import LeftOut, Record, VectorRecord

if TYPE_CHECKING:
    from headscope.attention import AttentionMap, Capture
    from headscope.candidates import Candidates
    from headscope.capture.biases import Bias
    from headscope.capture.masks import Visible
    from headscope.capture.pieces import PiecesRecord
    from headscope.capture.record import QKRecord

Description = dict[str, Any]

FLOAT16_MAX = 65504


def describe(capture: Capture, version: str, parts: Parts) -> Description:
    """Return a capture's description, and add its tensors to `parts`; see `docs/file-format.md`."""
    maps = capture.maps.values()
    overviews = [_overviews(map_, parts) for map_ in maps]
    return {
        "name": capture.name,
        "headscope": version,
        "report": asdict(capture.report()),
        "generation": None if capture.generation is None else asdict(capture.generation),
        "maps": [_map(map_, found, parts) for map_, found in zip(maps, overviews, strict=True)],
        "candidates": None if capture.logits is None else _candidates(capture.logits, parts),
    }


def _candidates(candidates: Candidates, parts: Parts) -> Description:
    return {
        "ids": parts.add_array("candidates.ids", candidates.ids, "I32"),
        "probabilities": parts.add_array("candidates.probabilities", candidates.probabilities, "F32"),
        "tokens": candidates.tokens,
    }


def _overviews(map_: AttentionMap, parts: Parts) -> list[str | None]:
    """Add the overview of each layer, computed when it is written, and return their names."""
    if not has_overviews(map_):
        return [None] * map_.num_layers
    return [_overview(map_, layer, parts) if layer in map_.layers else None for layer in range(map_.num_layers)]


def _overview(map_: AttentionMap, layer: int, parts: Parts) -> str:
    bins = [min(len(tokens), OVERVIEW_BINS) for tokens in (map_.query_tokens, map_.key_tokens)]
    # A softmax lies between 0 and 1; what was given as weights need not.
    of_softmax = isinstance(map_.records[layer], VectorRecord)

    def rows() -> Iterator[Any]:
        pooled = map_.overview(layer, None, OVERVIEW_BINS)
        yield from root_codes(pooled) if of_softmax else np.clip(pooled, -FLOAT16_MAX, FLOAT16_MAX)

    part = Part("U8" if of_softmax else "F16", (map_.num_heads(layer), *bins), rows)
    return parts.add(f"{map_.name}.{layer}.overview", part)


def _map(map_: AttentionMap, overviews: list[str | None], parts: Parts) -> Description:
    records = [
        _record(record, f"{map_.name}.{layer}", parts) | ({} if isinstance(record, LeftOut) else {"overview": overview})
        for layer, (record, overview) in enumerate(zip(map_.records, overviews, strict=True))
    ]
    grids = {"query_grid": map_.query_grid, "key_grid": map_.key_grid}
    return {
        **_info(map_),
        **{name: None if grid is None else asdict(grid) for name, grid in grids.items()},
        "records": records,
    }


def _info(map_: AttentionMap) -> Description:
    """Return what a page needs to know of a map; without segments their fields are left out, as in older files."""
    return {name: value for name, value in map_.info().items() if value or not name.endswith("_segments")}


def _record(record: Any, name: str, parts: Parts) -> Description:
    if isinstance(record, LeftOut):
        return {"kind": "missing", "num_heads": record.num_heads}
    if hasattr(record, "pieces"):
        return _pieces(record, name, parts)
    if hasattr(record, "rules"):
        return _vectors(record, name, parts)
    return _weights(record, name, parts)


def _weights(record: Record, name: str, parts: Parts) -> Description:
    return {
        "kind": "weights",
        "num_heads": record.num_heads,
        "weights": _add_weights(record, f"{name}.weights", parts),
        "module": getattr(record, "module", ""),
        "overview": None,
    }


def _add_weights(record: Record, name: str, parts: Parts) -> str:
    array = getattr(record, "array", None)
    if array is not None:
        return parts.add_array(name, array, float_type(array))
    shape = record.num_heads, record.num_queries, record.num_keys

    def rows() -> Iterator[Any]:  # a record of somebody's own making: all that is known of it are its weights
        for head in range(record.num_heads):
            yield record.weights([head], slice(0, record.num_queries), slice(0, record.num_keys))

    return parts.add(name, Part("F32", shape, rows))


def _pieces(record: PiecesRecord, name: str, parts: Parts) -> Description:
    numbered = [f"{name}.pieces.{number}" for number in range(len(record.pieces))]
    return {
        "kind": "pieces",
        "num_heads": record.num_heads,
        "pieces": [_record(piece, at, parts) for piece, at in zip(record.pieces, numbered, strict=True)],
        "query_at": [
            parts.add_array(f"{at}.query_at", places, "I32")
            for places, at in zip(record.query_at, numbered, strict=True)
        ],
        "key_at": [
            parts.add_array(f"{at}.key_at", places, "I32") for places, at in zip(record.key_at, numbered, strict=True)
        ],
        "module": record.module,
        "overview": None,
    }


def _vectors(record: QKRecord, name: str, parts: Parts) -> Description:
    rules = record.rules
    return {
        "kind": "vectors",
        "num_heads": record.num_heads,
        "num_kv_heads": record.num_kv_heads,
        "head_dim": int(record.query.shape[2]),
        "queries": parts.add_array(f"{name}.queries", record.query, float_type(record.query)),
        "keys": parts.add_array(f"{name}.keys", record.key, float_type(record.key)),
        "scaling": float(rules.scaling),
        "softcap": None if rules.softcap is None else float(rules.softcap),
        "sinks": None if rules.sinks is None else parts.add_array(f"{name}.sinks", rules.sinks, "F32"),
        "visible": None if rules.visible is None else _visible(rules.visible, name, parts),
        "biases": [_bias(bias, f"{name}.biases.{number}", parts) for number, bias in enumerate(rules.biases)],
        "module": record.module,
        "rotary": bool(record.rotary),
        "overview": None,
    }


def _visible(visible: Visible, name: str, parts: Parts) -> Description:
    shown, exceptions = visible.shown, visible.exceptions
    return {
        "num_keys": int(visible.num_keys),
        "start": parts.add_array(f"{name}.visible.start", visible.start, "I32"),
        "stop": parts.add_array(f"{name}.visible.stop", visible.stop, "I32"),
        "shown": None if shown is None else parts.add_array(f"{name}.visible.shown", shown, "U8"),
        "exceptions": None if exceptions is None else parts.add_array(f"{name}.visible.exceptions", exceptions, "U8"),
    }


def _bias(bias: Bias, name: str, parts: Parts) -> Description:
    from headscope.capture.biases import DistanceBias, TableBias

    if isinstance(bias, DistanceBias):
        return {
            "kind": "distance",
            "table": parts.add_array(f"{name}.table", bias.table, float_type(bias.table)),
            "zero": int(bias.zero),
            "query_at": parts.add_array(f"{name}.query_at", bias.query_at, "I32"),
            "key_at": parts.add_array(f"{name}.key_at", bias.key_at, "I32"),
        }
    if isinstance(bias, TableBias):
        table = parts.add_array(f"{name}.table", bias.table, float_type(bias.table))
        return {"kind": "table", "table": table}
    raise TypeError(f"a file has no place for a {type(bias).__name__}: add it to headscope.files and its format.")
