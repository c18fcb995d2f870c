"""Save a capture: `capture.save("cat.attn.safetensors")`."""

from __future__ import annotations

import json
import os
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headscope.files.encode import describe
from headscope.files.safetensors_writer import Parts
from headscope.files.schema import ENDING, FORMAT, VERSION
from headscope.writing import check_path, check_place, replacing

if TYPE_CHECKING:
    from headscope.data.capture import Capture


def save(capture: Capture, path: str | os.PathLike[str], progress: bool | None = None) -> Path:
    """Write a capture to a file; see `headscope.Capture.save`."""
    place = _checked(path)
    parts = Parts()
    description = describe(capture, own_version(), parts)
    text = json.dumps(description, separators=(",", ":"), allow_nan=False)
    header = parts.header({"format": FORMAT, "version": str(VERSION), "capture": text})
    with replacing(place) as file:
        file.write(header)
        parts.write(file, progress)
    return place


def _checked(path: Any) -> Path:
    place = check_path(path)
    if not place.name.endswith(ENDING) or place.name == ENDING:
        stem = place.name.split(".")[0] or "capture"
        raise ValueError(f"{place.name!r} does not end in {ENDING}: save the capture as {stem + ENDING!r}.")
    check_place(place)
    return place


def own_version() -> str:
    """Return the version of this package, which a file records for its readers."""
    try:
        return version("headscope")
    except PackageNotFoundError:  # the sources without an installation
        return "0+unknown"
