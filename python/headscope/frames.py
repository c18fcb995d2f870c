"""Weights as rows of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from headscope.positions import Positions, is_single, ranges

if TYPE_CHECKING:
    from headscope.maps import AttentionMap


def to_frame(map_: AttentionMap, layer: int, head: Positions) -> Any:
    """Return the weights of a layer as a table; see `headscope.Capture.to_frame`."""
    try:
        import pandas  # type: ignore[import-untyped, unused-ignore]
    except ImportError as error:
        raise ImportError("to_frame needs pandas: pip install pandas", name="pandas") from error
    heads = [one for run in ranges(head, map_.num_heads(layer), "head") for one in run]
    weights = map_.block(layer, heads)  # (heads, queries, keys)
    of_head, query, key = (axis.ravel() for axis in np.indices(weights.shape))
    columns: dict[str, Any] = {} if is_single(head) else {"head": np.array(heads)[of_head]}
    columns |= {
        "query": query,
        "query_token": np.array(map_.query_tokens, dtype=object)[query],
        "key": key,
        "key_token": np.array(map_.key_tokens, dtype=object)[key],
        "weight": weights.ravel(),
    }
    return pandas.DataFrame(columns)
