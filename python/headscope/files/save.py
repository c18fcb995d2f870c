"""Save a capture: `capture.save("cat.attn.safetensors")`."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from headscope.files.encode import describe
from headscope.files.safetensors_writer import Parts
from headscope.files.schema import ENDING, FORMAT, VERSION

if TYPE_CHECKING:
    from headscope.data.capture import Capture


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
        raise FileNotFoundError(f"the folder {str(place.parent)!r} for {place.name!r} does not exist: create it first.")
    return place


@contextmanager
def _replacing(place: Path) -> Iterator[BinaryIO]:
    """Write to a temporary file and rename it when it is complete, so that no reader sees a partial file."""
    target = Path(os.path.realpath(place))  # keeps a symbolic link, and replaces the file that it points to
    temporary = target.with_name(f".{uuid.uuid4().hex}.tmp")
    try:
        with open(temporary, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


def own_version() -> str:
    """Return the version of this package, which a file records for its readers."""
    try:
        return version("headscope")
    except PackageNotFoundError:  # the sources without an installation
        return "0+unknown"
