"""Descriptions of a capture's maps for pages: what they show, and where their layers come from."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headscope.contract import MapDescription
    from headscope.data.capture import Capture
    from headscope.data.report import MapReport


def describe_maps(capture: Capture) -> list[MapDescription]:
    """Return the descriptions of a capture's maps that pages receive."""
    parts = {part.name: part for part in capture.report().maps}
    return [_with_origin(map_.info(), parts.get(map_.name)) for map_ in capture.maps.values()]


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
