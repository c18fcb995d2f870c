"""Tier 2: models that call torch's fused kernel by themselves. The kernel's name leads to us for one pass."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812  # torch's own convention
from torch import Tensor

from headscope.capture import current


@contextmanager
def intercepted() -> Iterator[None]:
    """Let the recorder of this thread take every call of the fused kernel, and undo it on any outcome.

    Torch's fast path of `nn.MultiheadAttention`, which does not call the kernel by its name, is off meanwhile.
    """
    kernel, fast = F.scaled_dot_product_attention, torch.backends.mha.get_fastpath_enabled()

    def scaled_dot_product_attention(
        query: Tensor,
        key: Tensor,
        value: Tensor,
        attn_mask: Tensor | None = None,
        dropout_p: float = 0.0,
        is_causal: bool = False,
        **options: Any,
    ) -> Tensor:
        _take(query, key, attn_mask, is_causal, options.get("scale"))
        return kernel(query, key, value, attn_mask, dropout_p, is_causal, **options)

    try:
        F.scaled_dot_product_attention = scaled_dot_product_attention  # type: ignore[assignment]  # same calls
        torch.backends.mha.set_fastpath_enabled(False)
        yield
    finally:
        F.scaled_dot_product_attention = kernel
        torch.backends.mha.set_fastpath_enabled(fast)


def _take(query: Tensor, key: Tensor, mask: Tensor | None, is_causal: bool, scale: float | None) -> None:
    recorder = current.recorder()
    module = None if recorder is None else recorder.watch.attention()
    if recorder is not None and module is not None and query.dim() == 4:
        recorder.take(module, query, key, mask, {"scaling": scale, "is_causal": is_causal}, tier=2)
