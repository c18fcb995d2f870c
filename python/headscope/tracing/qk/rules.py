"""Read the rules of an attention call from the arguments that the model passed, into compact form."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

import torch
from torch import Tensor

from headscope.tracing.qk import biases, masks
from headscope.tracing.qk.biases import Bias, TableBias
from headscope.tracing.qk.masks import Visible
from headscope.tracing.qk.readings import Reading
from headscope.tracing.qk.tensors import Rules

T = TypeVar("T")


@dataclass(frozen=True)
class CallPart:
    """The part of a call to keep: a row of the batch, and positions (int64; None for all)."""

    row: int
    queries: Tensor | None
    keys: Tensor | None
    trimmed: bool = False
    """Whether padding known only from the call's mask is left out."""
    by_key_mask: bool = False
    """Whether positions are left out that a key mask of torch's own modules hides, which a module may ignore."""


class Recent(Generic[T]):
    """A cache of the last few results by their source tensor, because layers share masks and biases.

    It keeps the tensors alive, so that no other tensor can reuse their memory address.
    """

    def __init__(self, size: int = 4) -> None:
        self._size = size
        self._results: OrderedDict[tuple[Any, ...], tuple[Tensor, T]] = OrderedDict()

    def get(self, source: Tensor, extra: object, make: Callable[[], T]) -> T:
        """Return the result for `source`, computed with `make` if it is unknown."""
        place = (source.data_ptr(), source.shape, source.stride(), source.dtype, source.device, source._version, extra)
        if place not in self._results:
            self._results[place] = (source, make())
            if len(self._results) > self._size:
                self._results.popitem(last=False)
        return self._results[place][1]


class RuleReader:
    """Reads the rules of each call of one forward pass; masks and biases that layers share are read once."""

    def __init__(self) -> None:
        self._masks: Recent[tuple[Visible | None, Bias | None]] = Recent()
        self._biases: Recent[Bias | None] = Recent()
        self._causals: dict[tuple[object, ...], Visible | None] = {}

    def read(self, query: Tensor, key: Tensor, reading: Reading, part: CallPart) -> Rules:
        """Return the rules of one call.

        Parameters
        ----------
        query, key
            Shapes (batch, num_heads, num_queries, head_dim) and (batch, num_kv_heads, num_keys, head_dim).
        reading
            How the function understands its arguments.
        part
            The part of the call to keep.
        """
        size = query.shape[2], key.shape[2]
        visible, found = None, []
        kept = part.row, part.queries is None, part.keys is None, part.trimmed
        place = size, kept, reading.added, reading.causal, reading.aligned_at_end, reading.window
        mask = reading.mask
        if mask is not None:
            visible, bias = self._masks.get(mask, place, lambda: _read_mask(mask, size, part, reading))
            found.append(bias)
        elif reading.causal or reading.window is not None:
            visible = self._seen_alone(size, query.device, part, reading)
        position_bias = reading.position_bias
        if position_bias is not None:
            found.append(self._biases.get(position_bias, place, lambda: _read_bias(position_bias, size, part)))
        sinks, of_rows = _sinks(reading.sinks, query.shape[1], size, part)
        found.append(of_rows)
        return Rules(
            scaling=query.shape[-1] ** -0.5 if reading.scaling is None else reading.scaling,
            softcap=reading.softcap,
            sinks=sinks,
            visible=visible,
            biases=tuple(bias for bias in found if bias is not None),
        )

    def _seen_alone(
        self, size: tuple[int, int], device: torch.device, part: CallPart, reading: Reading
    ) -> Visible | None:
        """Return the keys that queries see without a mask: earlier ones, or those of a window."""
        ends, window = reading.aligned_at_end, reading.window
        kept = part.row, part.queries is None, part.keys is None
        place = size, device, kept, reading.causal, ends, window
        if place not in self._causals:
            shift = size[1] - size[0] if ends else 0
            if reading.causal and window is None and shift == 0:
                found = masks.causal(*size, device)
            else:
                found = masks.banded(*size, device, shift, reading.causal, window)
            self._causals[place] = _selected(found, part, size)
        return self._causals[place]


def _sinks(
    sinks: Tensor | None, num_heads: int, size: tuple[int, int], part: CallPart
) -> tuple[Tensor | None, Bias | None]:
    """Return the score of each head's sink, and a bias if the score depends on the query.

    Subtracting the sink's score from a whole row leaves its weights unchanged and makes that score 0.
    """
    if sinks is None:
        return None, None
    sinks = sinks.detach()
    if sinks.numel() == num_heads:
        return sinks.reshape(-1).clone(), None
    by_query = sinks.reshape(-1, num_heads, size[0]) if sinks.dim() < 4 else sinks[..., 0].expand(-1, num_heads, -1)
    row = by_query[part.row if len(by_query) > 1 else 0].clone()
    bias = TableBias(-row[:, :, None].expand(-1, -1, size[1]))
    return row.new_zeros(num_heads), _selected(bias, part, size)


def _read_mask(
    mask: Tensor, size: tuple[int, int], part: CallPart, reading: Reading
) -> tuple[Visible | None, Bias | None]:
    """Return the visible keys, and the bias that the mask adds to the scores; None for none."""
    table = _table(mask, size, part.row)
    if not table.is_floating_point():
        table = table.float() if reading.added else table.bool()
    if reading.causal or reading.window is not None:
        shift = size[1] - size[0] if reading.aligned_at_end else 0
        band = masks.banded(*size, table.device, shift, reading.causal, reading.window)
        outside = band.hidden(slice(0, size[0]), slice(0, size[1]))
        table = table & ~outside if table.dtype == torch.bool else table.masked_fill(outside, -torch.inf)
    if table.dtype == torch.bool:
        shown, added = table, None
    else:
        hidden = table <= torch.finfo(table.dtype).min / 2
        shown, added = ~hidden, table.masked_fill(hidden, 0)
    if not all(torch.equal(head, shown[0]) for head in shown[1:]):  # heads differ, so no interval fits all of them
        whole = torch.zeros_like(table, dtype=torch.float32) if added is None else added
        return None, _selected(TableBias(whole.masked_fill(~shown, -torch.inf)), part, size)
    bias = None if added is None else biases.compact(added)
    return _selected(masks.compact(shown[0]), part, size), _selected(bias, part, size)


def _read_bias(bias: Tensor, size: tuple[int, int], part: CallPart) -> Bias | None:
    compact = biases.compact(_table(bias.detach(), size, part.row))
    return None if compact is None else cast("Bias", _selected(compact, part, size))


def _table(values: Tensor, size: tuple[int, int], row: int) -> Tensor:
    """Return one row of the batch, shape (heads or 1, num_queries, num_keys), with missing axes broadcast."""
    values = values[(None,) * (4 - values.dim())]
    values = values[row if len(values) > 1 else 0, :, :, : size[1]]
    return values.expand(-1, *size)


def _selected(rule: Any, part: CallPart, size: tuple[int, int]) -> Any:
    if rule is None or (part.queries is None and part.keys is None):
        return rule
    device = next(chosen.device for chosen in (part.queries, part.keys) if chosen is not None)
    queries = torch.arange(size[0], device=device) if part.queries is None else part.queries
    keys = torch.arange(size[1], device=device) if part.keys is None else part.keys
    return rule.select(queries, keys)
