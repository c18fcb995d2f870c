"""Reads the rules of an attention call: from what the model passed to the kernel to their compact form."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

import torch
from torch import Tensor

from headscope.capture import biases, masks
from headscope.capture.biases import Bias, TableBias
from headscope.capture.kernels import is_causal, scaling_of, sinks_of
from headscope.capture.masks import Visible
from headscope.capture.record import Rules

T = TypeVar("T")


@dataclass(frozen=True)
class Kept:
    """Which part of a call is kept: a row of the batch, and positions (int64, None for all)."""

    row: int
    queries: Tensor | None
    keys: Tensor | None
    trimmed: bool = False
    """Whether padding that only the mask of the call told of is left out."""


class Recent(Generic[T]):
    """The last few results by the tensor they came from: layers share masks and biases.

    The tensors are held, so that no other can take their place in memory meanwhile.
    """

    def __init__(self, size: int = 4) -> None:
        self._size = size
        self._results: OrderedDict[tuple[Any, ...], tuple[Tensor, T]] = OrderedDict()

    def get(self, source: Tensor, extra: object, make: Callable[[], T]) -> T:
        """Return the result for `source`, made now where it is not known."""
        place = (source.data_ptr(), source.shape, source.stride(), source.dtype, source.device, source._version, extra)
        if place not in self._results:
            self._results[place] = (source, make())
            if len(self._results) > self._size:
                self._results.popitem(last=False)
        return self._results[place][1]


class RuleReader:
    """Reads the rules of each call of one forward pass; what layers share is read once."""

    def __init__(self) -> None:
        self._masks: Recent[tuple[Visible | None, Bias | None]] = Recent()
        self._biases: Recent[Bias | None] = Recent()
        self._causals: dict[tuple[object, ...], Visible | None] = {}

    def read(
        self,
        module: torch.nn.Module,
        query: Tensor,
        key: Tensor,
        mask: Tensor | None,
        options: dict[str, Any],
        kept: Kept,
    ) -> Rules:
        """Return the rules of one call.

        Parameters
        ----------
        module, query, key, mask, options
            As transformers passes them to an attention function; the tensors have a batch axis.
        kept
            Which part of the call is kept.
        """
        size = query.shape[2], key.shape[2]
        visible, found = None, []
        place = size, kept.row, kept.trimmed
        if mask is not None:
            visible, bias = self._masks.get(mask, place, lambda: _read_mask(mask, size, kept))
            found.append(bias)
        elif is_causal(module, query, mask, options):
            visible = self._causal(size, query.device, kept)
        position_bias = options.get("position_bias")
        if position_bias is not None:
            found.append(self._biases.get(position_bias, place, lambda: _read_bias(position_bias, size, kept)))
        softcap, sinks = options.get("softcap"), sinks_of(options)
        return Rules(
            scaling=scaling_of(query, options),
            softcap=None if softcap is None else float(softcap),
            sinks=None if sinks is None else sinks.detach().reshape(-1).clone(),
            visible=visible,
            biases=tuple(bias for bias in found if bias is not None),
        )

    def _causal(self, size: tuple[int, int], device: torch.device, kept: Kept) -> Visible | None:
        place = size, device, kept.row, kept.queries is None, kept.keys is None
        if place not in self._causals:
            self._causals[place] = _selected(masks.causal(*size, device), kept, size)
        return self._causals[place]


def _read_mask(mask: Tensor, size: tuple[int, int], kept: Kept) -> tuple[Visible | None, Bias | None]:
    """Return which keys may be seen, and what else the mask adds to the scores."""
    table = _table(mask, size, kept.row)
    if table.dtype == torch.bool:
        shown, added = table, None
    else:
        hidden = table <= torch.finfo(table.dtype).min / 2
        shown, added = ~hidden, table.masked_fill(hidden, 0)
    if not all(torch.equal(head, shown[0]) for head in shown[1:]):  # heads differ: no interval is common to them
        whole = torch.zeros_like(table, dtype=torch.float32) if added is None else added
        return None, _selected(TableBias(whole.masked_fill(~shown, -torch.inf)), kept, size)
    bias = None if added is None else biases.compact(added)
    return _selected(masks.compact(shown[0]), kept, size), _selected(bias, kept, size)


def _read_bias(bias: Tensor, size: tuple[int, int], kept: Kept) -> Bias | None:
    compact = biases.compact(_table(bias.detach(), size, kept.row))
    return None if compact is None else cast("Bias", _selected(compact, kept, size))


def _table(values: Tensor, size: tuple[int, int], row: int) -> Tensor:
    """Return one row of the batch, shape (heads or 1, num_queries, num_keys); missing axes are broadcast."""
    values = values[(None,) * (4 - values.dim())]
    values = values[row if len(values) > 1 else 0, :, :, : size[1]]
    return values.expand(-1, *size)


def _selected(rule: Any, kept: Kept, size: tuple[int, int]) -> Any:
    if rule is None or (kept.queries is None and kept.keys is None):
        return rule
    device = next(part.device for part in (kept.queries, kept.keys) if part is not None)
    queries = torch.arange(size[0], device=device) if kept.queries is None else kept.queries
    keys = torch.arange(size[1], device=device) if kept.keys is None else kept.keys
    return rule.select(queries, keys)
