"""Saves a capture: `capture.save("cat.attn.safetensors")`."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from headscope.files.describing import describe
from headscope.files.format import ENDING, FORMAT, VERSION
from headscope.files.writing import Parts

if TYPE_CHECKING:
    from headscope.attention import Capture


def save(capture: Capture, path: str | os.PathLike[str], progress: bool | None = None) -> Path:
    """Write a capture to a file; see `headscope.Capture.save`."""
    place = _checked(path)
    parts = Parts()
    description = describe(capture, own_version(), parts)
    text = json.dumps(description, separators=(",", ":"), allow_nan=False)
    header = parts.header({"format": FORMAT, "version": str(VERSION), "capture": text})
    with _replacing(place) as file:
        file.write(header)
        parts.write(file, progress)
    return place


def _checked(path: Any) -> Path:
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"save takes a path, a str or a Path, not {type(path).__name__}.")
    place = Path(path).absolute()
    if not place.name.endswith(ENDING) or place.name == ENDING:
        stem = place.name.split(".")[0] or "capture"
        raise ValueError(f"{place.name!r} does not end in {ENDING}: save the capture as {stem + ENDING!r}.")
    if not place.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {str(place.parent)!r} to save {place.name!r} in: make it first.")
    return place


@contextmanager
def _replacing(place: Path) -> Iterator[BinaryIO]:
    """Write a file beside the place that takes its place once it is whole: nobody sees half of it."""
    target = Path(os.path.realpath(place))  # of a link, where it leads to
    beside = target.with_name(f".{uuid.uuid4().hex}.tmp")
    try:
        with open(beside, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, target)
    finally:
        beside.unlink(missing_ok=True)


def own_version() -> str:
    """Return the version of this package, which a file names for people."""
    try:
        return version("headscope")
    except PackageNotFoundError:  # the sources without an installation
        return "0+unknown"
