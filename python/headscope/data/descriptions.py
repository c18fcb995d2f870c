"""Descriptions of a capture's maps for pages: what they show, where their layers come from, what the model predicts."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import TYPE_CHECKING, Literal

from headscope.data.notes import described_notes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from headscope.contract import MapDescription, MapFindings
    from headscope.data.attention_map import AttentionMap
    from headscope.data.capture import Capture
    from headscope.data.next_tokens import Candidates
    from headscope.data.report import MapReport


def describe_maps(capture: Capture) -> list[MapDescription]:
    """Return the descriptions of a capture's maps that pages receive."""
    parts = {part.name: part for part in capture.report().maps}
    return [
        _with_origin({**map_.info(), **described_predictions(capture, map_)}, parts.get(map_.name))
        for map_ in capture.maps.values()
    ]


def noted_maps(capture: Capture, described: Sequence[MapDescription] | None = None) -> list[MapDescription]:
    """Return the descriptions of a capture's maps with the notes on their heads, for what is shown without a kernel."""
    maps = describe_maps(capture) if described is None else described
    return [{**info, **described_notes(capture.maps[info["name"]], capture.notes)} for info in maps]


def _with_origin(info: MapDescription, part: MapReport | None) -> MapDescription:
    """Add what a report knows of a map's layers; nothing where the layers are not those of the report."""
    if part is None:
        return info
    if len(part.modules) == info["num_layers"]:
        info["modules"] = list(part.modules)
    if len(part.layer_names) == info["num_layers"]:
        info["layer_names"] = list(part.layer_names)
    if part.tier is None or (part.difference is not None and isfinite(part.difference)):
        info["difference"] = part.difference
    return info


SHOWN = 5
"""The most tokens or labels that a page receives for a position."""

SHOWN_ROWS = 1024
"""The most positions with predictions that a page receives, so that a saved notebook stays small: the last ones."""


def described_predictions(capture: Capture, map_: AttentionMap) -> MapFindings:
    """Return what the model predicts beside the queries of a map; empty if it predicts nothing there."""
    labels, found = capture.predictions, capture.logits
    if labels is not None and labels.probabilities.ndim == 1:
        return _rows("input", 0, [labels.labels], labels.probabilities[None])
    if labels is not None and len(labels.probabilities) == len(map_.query_tokens):
        return _rows("label", 0, [labels.labels] * len(labels.probabilities), labels.probabilities)
    if found is None or not _predicts_beside(map_, found):
        return {}
    return _rows("masked" if found.masked else "next", found.start, found.tokens, found.probabilities)


def _predicts_beside(map_: AttentionMap, found: Candidates) -> bool:
    """Return whether a map's queries are the positions of the candidates: those of a text that the model continues."""
    writes = map_.name in ("self", "text", "decoder", "cross")
    return writes and found.start + len(found.tokens) == len(map_.query_tokens)


def _rows(
    kind: Literal["next", "masked", "label", "input"],
    start: int,
    names: Sequence[Sequence[str]],
    probabilities: NDArray[np.float32],
) -> MapFindings:
    first = max(0, len(names) - SHOWN_ROWS)
    best = [(-line).argsort(kind="stable")[:SHOWN] for line in probabilities[first:]]
    return {
        "predictions": {
            "kind": kind,
            "start": start + first,
            "tokens": [[line[at] for at in order] for line, order in zip(names[first:], best, strict=True)],
            "probabilities": [
                [round(float(line[at]), 5) for at in order]
                for line, order in zip(probabilities[first:], best, strict=True)
            ],
        }
    }
