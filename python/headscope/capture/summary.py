"""Says of a pass which map came by which way, and which attention left nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch

from headscope.reports import MapReport, Report

if TYPE_CHECKING:
    from headscope.capture.forward import MapParts
    from headscope.capture.recorder import Recorder

EAGER = "The model ran with eager attention and returned its weights: there are no queries and keys."


def summary(name: str, maps: Sequence[MapParts], recorder: Recorder, batch_size: int, eager: bool) -> Report:
    """Return the report of a pass, with the check that every attention module which ran left a record."""
    watch = recorder.watch
    recorded = {layer.module for part in maps for layer in part.layers} | recorder.of_others
    missing = {module: _reason(watch.modules[module], eager) for module in watch.silent(recorded)}
    reports = tuple(_map_report(part) for part in maps)
    return Report(name, reports, missing, (*_notes(reports), *_of_several_texts(reports, recorder, batch_size)))


def _of_several_texts(reports: Sequence[MapReport], recorder: Recorder, batch_size: int) -> list[str]:
    return [
        f"The model reads the images or sounds of a batch as one: the {report.name!r} map shows those of all "
        f"{batch_size} texts. Capture the texts one at a time to tell them apart."
        for report in reports
        if report.name.split()[0] in recorder.shared
    ]


def _map_report(part: MapParts) -> MapReport:
    records: list[Any] = [piece for record in part.records for piece in getattr(record, "pieces", [record])]
    heads = (getattr(record, "num_kv_heads", None) for record in records)
    return MapReport(
        part.name,
        part.layers[0].tier,
        len(part.records),
        tuple(sorted({record.num_heads for record in part.records})),
        tuple(sorted({count for count in heads if count is not None})),
        ", ".join(sorted({layer.dtype for layer in part.layers})),
        tuple(layer.module for layer in part.layers),
    )


def _reason(module: torch.nn.Module, eager: bool) -> str:
    kind = type(module).__name__
    if isinstance(module, torch.nn.TransformerEncoderLayer):
        return "torch's own TransformerEncoderLayer attends in one fused step and hands its weights to nobody."
    if isinstance(module, torch.nn.MultiheadAttention):
        return "torch's own MultiheadAttention computes its weights inside and hands them to nobody."
    if "Linear" in kind or "Delta" in kind:
        return f"{kind} is linear attention: it has no weights of queries by keys."
    if eager:
        return f"{kind} ran, but the model returned no weights of it."
    return f"{kind} computes attention by itself, outside of every way in."


def _notes(reports: Sequence[MapReport]) -> list[str]:
    notes = []
    low = sorted({report.precision for report in reports} - {"float32"})
    if any(report.tier == 3 for report in reports):
        notes.append(EAGER)
    elif low:
        notes.append(
            f"The model computes in {', '.join(low)}; weights are computed from its queries and keys in float32."
        )
    return notes
