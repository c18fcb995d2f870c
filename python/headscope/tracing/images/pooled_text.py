"""Shortened texts: Funnel Transformers pool neighbouring positions from block to block."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

from headscope.tracing.images.patches import Named, setting
from headscope.tracing.inputs.sides import Side


def name_pooled(size: int, text: Side, model: Any) -> Iterator[Named]:
    """Yield names of pooled positions: the tokens that each stands for, as `The+cat`.

    The rule is `pool_tensor` of transformers' `modeling_funnel.py`: pairs from the second position on, the first by
    itself with `separate_cls`; `truncate_seq` drops the last one before.
    """
    if setting(model, "model_type") != "funnel":
        return
    kept = range(text.length) if text.unpadded is None else text.unpadded.tolist()
    tokens = dict(zip(kept, text.tokens, strict=True))
    groups = [[place] for place in range(text.length)]
    separate, truncates = bool(setting(model, "separate_cls")), bool(setting(model, "truncate_seq"))
    while len(groups) > size and len(groups) > 2:
        first, rest = ([groups[0]], groups[1:]) if separate else ([], groups)
        rest = rest[:-1] if separate and truncates else rest
        groups = first + [list(chain(*rest[at : at + 2])) for at in range(0, len(rest), 2)]
    if len(groups) == size:
        names = ["+".join(tokens[place] for place in group if place in tokens) for group in groups]
        yield tuple(name or "[PAD]" for name in names), (), None
