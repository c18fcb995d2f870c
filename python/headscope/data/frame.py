"""Weights as a table of pandas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from headscope.data.attention_map import AttentionMap


def frame_of(map_: AttentionMap, layer: int, heads: list[int], is_single: bool) -> Any:
    """Return the weights of some heads as a table; see `Capture.to_frame`.

    Raises
    ------
    ImportError
        pandas is not installed.
    """
    try:
        import pandas  # type: ignore[import-untyped, unused-ignore]
    except ImportError as error:
        raise ImportError("to_frame needs pandas: pip install pandas", name="pandas") from error
    weights = map_.block(layer, heads)  # (heads, queries, keys)
    of_head, query, key = (axis.ravel() for axis in np.indices(weights.shape))
    columns: dict[str, Any] = {} if is_single else {"head": np.array(heads)[of_head]}
    columns |= {
        "query": query,
        "query_token": np.array(map_.query_tokens, dtype=object)[query],
        "key": key,
        "key_token": np.array(map_.key_tokens, dtype=object)[key],
        "weight": weights.ravel(),
    }
    return pandas.DataFrame(columns)
