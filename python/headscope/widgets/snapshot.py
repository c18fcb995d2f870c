"""Snapshots: what a notebook keeps of a view, so that it is shown as it was left when it is opened without its kernel.

A snapshot holds the view's state, the tokens, and the encoded weights of what is on screen and near it, as far as
they fit. A picture goes with it, for hosts that run no code of ours. It is made when the view is displayed; in
JupyterLab and Notebook 7 the page that shows the view keeps it up to date from then on (`src/widget/snapshot.ts`).
"""

from __future__ import annotations

import base64
import json
import warnings
from typing import TYPE_CHECKING, Any, cast, get_type_hints

from headscope.contract import SNAPSHOT_TYPE, Snapshot, SnapshotState
from headscope.settings import settings
from headscope.widgets.snapshot_parts import parts_of
from headscope.widgets.snapshot_picture import picture_of

if TYPE_CHECKING:
    from headscope.contract import MapInfo
    from headscope.widgets.views import View

PICTURE_SHARE = 5
"""The picture is made coarser rather than larger than this part of the limit."""

INDENT = 9
"""Notebooks are written with an indentation that is as deep as this, on average, in an output."""


SIDE = ("tokens", "special", "words", "segments")
"""What is said of each side of a map."""


def with_snapshot(view: View, bundle: tuple[dict[str, Any], dict[str, Any]] | None) -> Any:
    """Return the output of a view, as data and metadata by output type, with what a saved notebook keeps of it.

    Whatever goes wrong with that is a warning: the live view is worth more than its snapshot.
    """
    limit = settings.snapshot_bytes
    if bundle is None or limit == 0:
        return bundle
    try:
        data, metadata = snapshot_bundle(view, limit)
    except Exception as error:
        warnings.warn(f"the notebook keeps no snapshot of this view: {type(error).__name__}: {error}", stacklevel=3)
        return bundle
    return {**bundle[0], **data}, {**bundle[1], **metadata}


def snapshot_bundle(view: View, limit: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what a view adds to its cell's output, by output type, and its metadata.

    Parameters
    ----------
    view
        What is displayed.
    limit
        How many bytes that may take in the notebook. What does not fit is left out: first the weights that are not on
        screen, then all weights, then the picture; 0 leaves out everything.
    """
    data: dict[str, Any] = {}
    metadata: dict[str, Any] = {}
    snapshot = _empty(view, limit)
    room = limit - notebook_bytes({SNAPSHOT_TYPE: snapshot})
    picture = picture_of(view, limit // PICTURE_SHARE) if limit > 0 else None
    if picture is not None:
        shown = {"image/png": base64.b64encode(picture.png).decode()}
        sizes = {"image/png": {"width": picture.width, "height": picture.height, "alt": picture.alt}}
        took = notebook_bytes(shown) + notebook_bytes(sizes)
        if took <= (room if room > 0 else limit):
            data, metadata, room = shown, sizes, room - took
    if room > 0:
        snapshot["parts"] = parts_of(view, room, notebook_bytes)
        data = {SNAPSHOT_TYPE: snapshot, **data}
    return data, metadata


def _empty(view: View, limit: int) -> Snapshot:
    """Return the snapshot of a view without any weights."""
    store = view.store
    return {
        "view": cast("Any", view.view),
        "name": store.name,
        "state": state_of(view),
        "maps": [thinned(info) for info in store.maps],
        "parts": [],
        "limit": limit,
        "drawn_by": "kernel",
    }


def thinned(info: MapInfo) -> MapInfo:
    """Return what is said of a map without the fields for keys, where these are the queries: they would be twice."""
    fields: dict[str, Any] = dict(info)
    if any(fields[f"key_{part}"] != fields[f"query_{part}"] for part in SIDE):
        return info
    return cast("MapInfo", {name: fields[name] for name in fields if name.removeprefix("key_") not in SIDE})


def state_of(view: View) -> SnapshotState:
    """Return where a view looks and how."""
    place = view.store.place()
    names = get_type_hints(SnapshotState)
    return cast("SnapshotState", {name: place[name] if name in place else getattr(view, name) for name in names})


def notebook_bytes(value: Any) -> int:
    """Return how many bytes a value takes in a notebook's file, which has a line for each element."""
    text = json.dumps(value, indent=1, ensure_ascii=False)
    return len(text.encode()) + INDENT * text.count("\n")
