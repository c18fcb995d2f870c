"""Turn a capture into the content of a file: a description, and the tensors that it names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from math import isfinite
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from headscope.contract import OVERVIEW_BINS
from headscope.data.arrays import ArrayRecord
from headscope.data.attention_map import has_overviews
from headscope.data.descriptions import described_predictions
from headscope.data.layers import MissingLayer, PlacedPiece, Record, VectorRecord
from headscope.data.notes import described_notes
from headscope.files.numbers import float_type
from headscope.files.safetensors_writer import Part, Parts
from headscope.wire.blocks import root_codes

if TYPE_CHECKING:
    from headscope.data.attention_map import AttentionMap
    from headscope.data.capture import Capture
    from headscope.data.next_tokens import Candidates, Generation, LabelProbabilities
    from headscope.data.report import Report
    from headscope.tracing.qk.biases import Bias
    from headscope.tracing.qk.masks import Visible
    from headscope.tracing.qk.record import QKRecord

Description = dict[str, Any]

FLOAT16_MAX = 65504


def describe(capture: Capture, version: str, parts: Parts) -> Description:
    """Return the description of a capture, and add its tensors to `parts`; see `docs/file-format.md`."""
    maps = capture.maps.values()
    overviews = [_overviews(map_, parts) for map_ in maps]
    return {
        "name": capture.name,
        "headscope": version,
        "report": _report(capture.report()),
        "generation": None if capture.generation is None else _generation(capture.generation),
        "maps": [
            {**_map(map_, found, parts), **described_predictions(capture, map_), **described_notes(map_, capture.notes)}
            for map_, found in zip(maps, overviews, strict=True)
        ],
        "candidates": None if capture.logits is None else _candidates(capture.logits, parts),
        **({} if capture.predictions is None else {"predictions": _labels(capture.predictions, parts)}),
    }


def _generation(generation: Generation) -> Description:
    fields = asdict(generation)
    return fields if generation.text else {name: fields[name] for name in fields if name != "text"}


def _report(report: Report) -> Description:
    found = asdict(report)
    for name in ("generated", "left_out"):  # the maps say it
        del found[name]
    for part in found["maps"]:
        del part["num_queries"], part["num_keys"]
        if part["difference"] is None or not isfinite(part["difference"]):  # given, or computed with NaN
            del part["difference"]
        for name in ("layer_names", "function"):
            if not part[name]:
                del part[name]
    return found


def _candidates(candidates: Candidates, parts: Parts) -> Description:
    return {
        "ids": parts.add_array("candidates.ids", candidates.ids, "I32"),
        "probabilities": parts.add_array("candidates.probabilities", candidates.probabilities, "F32"),
        "tokens": candidates.tokens,
        **({"start": candidates.start} if candidates.start else {}),
        **({"masked": True} if candidates.masked else {}),
    }


def _labels(found: LabelProbabilities, parts: Parts) -> Description:
    rows = found.probabilities.reshape(-1, len(found.labels))
    return {
        "labels": found.labels,
        "probabilities": parts.add_array("predictions.probabilities", rows, "F32"),
        "per_position": found.probabilities.ndim == 2,
    }


def _overviews(map_: AttentionMap, parts: Parts) -> list[str | None]:
    """Add an overview of each layer, which is computed when it is written, and return the tensors' names."""
    if not has_overviews(map_):
        return [None] * map_.num_layers
    return [_overview(map_, layer, parts) if layer in map_.layers else None for layer in range(map_.num_layers)]


def _overview(map_: AttentionMap, layer: int, parts: Parts) -> str:
    bins = [min(len(tokens), OVERVIEW_BINS) for tokens in (map_.query_tokens, map_.key_tokens)]
    # A softmax lies between 0 and 1; weights that a caller passed in need not.
    of_softmax = isinstance(map_.records[layer], VectorRecord)

    def rows() -> Iterator[Any]:
        pooled = map_.overview(layer, None, OVERVIEW_BINS)
        if of_softmax:
            yield from root_codes(pooled)
            return
        clipped = np.clip(pooled, -FLOAT16_MAX, FLOAT16_MAX)
        # There are many NaNs, and which of them a conversion returns depends on the place in memory.
        yield from np.where(np.isnan(clipped), np.float32(np.nan), clipped)

    part = Part("U8" if of_softmax else "F16", (map_.num_heads(layer), *bins), rows)
    return parts.add(f"{map_.name}.{layer}.overview", part)


def _map(map_: AttentionMap, overviews: list[str | None], parts: Parts) -> Description:
    records = [
        _record(record, f"{map_.name}.{layer}", parts)
        | ({} if isinstance(record, MissingLayer) else {"overview": overview})
        for layer, (record, overview) in enumerate(zip(map_.records, overviews, strict=True))
    ]
    grids = {"query_grid": map_.query_grid, "key_grid": map_.key_grid}
    return {
        **_info(map_),
        **{name: None if grid is None else asdict(grid) for name, grid in grids.items()},
        "records": records,
    }


def _info(map_: AttentionMap) -> Description:
    """Return a map's description as pages know it, without empty segments fields, which older files lack too."""
    return {name: value for name, value in map_.info().items() if value or not name.endswith("_segments")}


def _record(record: Record, name: str, parts: Parts) -> Description:
    if isinstance(record, MissingLayer):
        return {"kind": "missing", "num_heads": record.num_heads}
    if record.pieces is not None:
        return _pieces(record, record.pieces, name, parts)
    if record.rules is not None:
        return _vectors(cast("QKRecord", record), name, parts)
    return _weights(record, name, parts)


def _weights(record: Record, name: str, parts: Parts) -> Description:
    return {
        "kind": "weights",
        "num_heads": record.num_heads,
        "weights": _add_weights(record, f"{name}.weights", parts),
        "module": record.module,
        **({"by_steps": True} if getattr(record, "by_steps", False) else {}),
        "overview": None,
    }


def _add_weights(record: Record, name: str, parts: Parts) -> str:
    if isinstance(record, ArrayRecord):
        return parts.add_array(name, record.array, float_type(record.array))
    shape = record.num_heads, record.num_queries, record.num_keys

    def rows() -> Iterator[Any]:  # a record class from elsewhere: only its weights are accessible
        for head in range(record.num_heads):
            yield record.weights([head], slice(0, record.num_queries), slice(0, record.num_keys))

    return parts.add(name, Part("F32", shape, rows))


def _pieces(record: Record, pieces: Sequence[PlacedPiece], name: str, parts: Parts) -> Description:
    numbered = {f"{name}.pieces.{number}": piece for number, piece in enumerate(pieces)}
    return {
        "kind": "pieces",
        "num_heads": record.num_heads,
        "pieces": [_record(piece.record, at, parts) for at, piece in numbered.items()],
        "query_at": [parts.add_array(f"{at}.query_at", piece.query_at, "I32") for at, piece in numbered.items()],
        "key_at": [parts.add_array(f"{at}.key_at", piece.key_at, "I32") for at, piece in numbered.items()],
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
    from headscope.tracing.qk.biases import DistanceBias, TableBias

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
