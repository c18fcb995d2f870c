"""Snapshots: a notebook saves one with each view, so that without a kernel it still shows the view as it was.

A snapshot holds the view's state, the tokens, and the encoded weights on screen and near it, within a byte limit. A
picture accompanies it, for hosts that run no JavaScript of the package. The kernel makes both when the view is
displayed; in JupyterLab and Notebook 7 the page then keeps them up to date (`src/widget/snapshot.ts`).
"""

from __future__ import annotations

import base64
import json
import warnings
from typing import TYPE_CHECKING, Any, cast

from headscope.contract import SNAPSHOT_TYPE
from headscope.contract_messages import Snapshot
from headscope.data.descriptions import noted_maps
from headscope.export.snapshot.parts import parts_of
from headscope.export.snapshot.picture import picture_of
from headscope.options import DEFAULTS

if TYPE_CHECKING:
    from headscope.contract import MapDescription
    from headscope.export.shown_view import ShownView

PICTURE_SHARE = 5
"""The picture may take 1/PICTURE_SHARE of the limit at full resolution; beyond that it is made coarser."""

INDENT = 9
"""The average indentation, in spaces, of an output's lines in a notebook file."""


SIDE = ("tokens", "special", "words", "segments")
"""The fields of a map's description that exist for queries and for keys."""


def with_snapshot(view: ShownView, bundle: tuple[dict[str, Any], dict[str, Any]] | None, limit: int) -> Any:
    """Return the output of a view, as data and metadata by output type, with a snapshot and a picture added.

    These take at most `limit` bytes of the notebook; with 0, none are added. An error while making them becomes a
    warning: the live view matters more than its snapshot.
    """
    if bundle is None or limit == 0:
        return bundle
    try:
        data, metadata = snapshot_bundle(view, limit)
    except Exception as error:
        warnings.warn(f"the notebook keeps no snapshot of this view: {type(error).__name__}: {error}", stacklevel=3)
        return bundle
    return {**bundle[0], **data}, {**bundle[1], **metadata}


def snapshot_bundle(view: ShownView, limit: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the data and the metadata, by output type, of a view's snapshot and picture.

    Parameters
    ----------
    view
        The displayed view.
    limit
        The most bytes that both may take in the notebook. What does not fit is left out: first weights that are not on
        screen, then all weights, then the picture; 0 leaves out everything.
    """
    data: dict[str, Any] = {}
    metadata: dict[str, Any] = {}
    snapshot = _empty(view, limit)
    budget = limit - notebook_bytes({SNAPSHOT_TYPE: snapshot})
    picture = picture_of(view, limit // PICTURE_SHARE) if limit > 0 else None
    if picture is not None:
        shown = {"image/png": base64.b64encode(picture.png).decode()}
        sizes = {"image/png": {"width": picture.width, "height": picture.height, "alt": picture.alt}}
        took = notebook_bytes(shown) + notebook_bytes(sizes)
        if took <= (budget if budget > 0 else limit):
            data, metadata, budget = shown, sizes, budget - took
    if budget > 0:
        snapshot["parts"] = parts_of(view, budget, notebook_bytes)
        data = {SNAPSHOT_TYPE: snapshot, **data}
    return data, metadata


def _empty(view: ShownView, limit: int) -> Snapshot:
    """Return the snapshot of a view without any weights."""
    store = view.store
    return {
        "view": cast("Any", view.view),
        "name": view.shown_name,
        "state": cast("Any", state_of(view)),
        "maps": [thinned(info) for info in noted_maps(store.capture, store.maps)],
        "parts": [],
        "limit": limit,
        "drawn_by": "kernel",
    }


def thinned(info: MapDescription) -> MapDescription:
    """Return a map's description without the fields for keys if they equal those for queries."""
    fields: dict[str, Any] = dict(info)
    if any(fields[f"key_{part}"] != fields[f"query_{part}"] for part in SIDE):
        return info
    return cast("MapDescription", {name: fields[name] for name in fields if name.removeprefix("key_") not in SIDE})


def state_of(view: ShownView) -> dict[str, Any]:
    """Return the selection and the options of a view, by trait name."""
    place = view.place()
    return {name: place[name] if name in place else getattr(view, name) for name in DEFAULTS}


def notebook_bytes(value: Any) -> int:
    """Return the bytes that a value takes in a notebook file, which puts each element on a line of its own."""
    text = json.dumps(value, indent=1, ensure_ascii=False)
    return len(text.encode()) + INDENT * text.count("\n")
