"""Turn an observed call into proved records: choose the reading of its arguments that replay confirms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from headscope.data.arrays import ArrayRecord
from headscope.data.layers import Record
from headscope.tracing.hooks.calls import AttentionCall
from headscope.tracing.qk.readings import Reading, readings
from headscope.tracing.qk.record import QKRecord
from headscope.tracing.qk.replay import Replay, replay, replay_of_weights, rows_of
from headscope.tracing.qk.rotary import is_rotary
from headscope.tracing.qk.rules import CallPart, RuleReader

SAMPLED = 4
"""The most windows, images or texts of one call that are replayed."""

Trim = Callable[[Tensor, CallPart], CallPart | None]
"""Returns the part to keep where a call's own mask hides positions at the end, given which keys are shown at all."""


@dataclass(frozen=True)
class Proof:
    """How a layer was proved."""

    difference: float
    """The largest difference of the replayed rows, as a share of the largest value."""
    given: bool = False
    """Whether the layer shows the weights that the model's function returned, not ones computed from queries."""
    one_memory: bool = False
    """Whether all heads of the returned weights lay in one memory: they are the mean of the heads."""

    def with_other(self, other: Proof) -> Proof:
        """Return the proof of a layer that was seen in two calls."""
        return replace(self, difference=max(self.difference, other.difference))


@dataclass(frozen=True)
class Proved:
    """The records of a call, one per part, and their proof."""

    records: list[Record]
    proof: Proof


class CallReader:
    """Reads the calls of one pass. Calls of one function usually have one reading, so that is tried first."""

    def __init__(self) -> None:
        self._rules = RuleReader()
        self._turn = 0

    def read(self, call: AttentionCall, parts: Sequence[CallPart], name: str, trim: Trim | None) -> Proved | str:
        """Return the proved records of some parts of a call, or the reason why there are none.

        Positions are left out only if the weights of the others then still give the output: a sequence may be as long
        as the text without being the text, and a model may ignore its mask.

        Parameters
        ----------
        call
            The call.
        parts
            The parts to keep.
        name
            The name of the module.
        trim
            Leaves out padding that only the call's mask knows; None for no trimming.
        """
        self._turn += 1
        found = self._read(call, parts, name, trim)
        cut = trim is not None or any(part.queries is not None or part.keys is not None for part in parts)
        if isinstance(found, str) and cut:
            whole = self._read(call, [CallPart(part.row, None, None) for part in parts], name, None)
            return found if isinstance(whole, str) else whole
        return found

    def _read(self, call: AttentionCall, parts: Sequence[CallPart], name: str, trim: Trim | None) -> Proved | str:
        sample = [parts[at] for at in sorted({len(parts) * n // SAMPLED for n in range(SAMPLED)})]
        nearest: Replay | None = None
        for reading in readings(call) if call.query is not None else ():
            found = self._replayed(call, reading, sample, name, trim)
            if found.proves:
                records = [self._record(call, reading, part, name, trim)[0] for part in parts]
                return Proved(list(records), Proof(found.difference))
            nearest = found if nearest is None or found.difference < nearest.difference else nearest
        return self._returned(call, parts, sample, name) or _refusal(call, nearest)

    def _replayed(
        self, call: AttentionCall, reading: Reading, sample: Sequence[CallPart], name: str, trim: Trim | None
    ) -> Replay:
        """Return the worst replay of some parts of a call."""
        worst = Replay(0.0, 0.0)
        if call.value is None or call.output is None:
            return Replay(float("inf"), 0.0)
        for part in sample:
            try:
                record, kept = self._record(call, reading, part, name, trim)
            except (RuntimeError, IndexError):  # this reading does not even fit the shapes
                return Replay(float("inf"), 0.0)
            value, output = kept_of(call.value[part.row], kept.keys, 1), kept_of(call.output[part.row], kept.queries, 0)
            found = replay(record, value, output, rows_of(record, self._turn))
            if not found.proves:
                return found
            worst = max(worst, found, key=lambda one: one.difference)
        return worst

    def _record(
        self, call: AttentionCall, reading: Reading, part: CallPart, name: str, trim: Trim | None
    ) -> tuple[QKRecord, CallPart]:
        query, key = call.query, call.key
        assert query is not None  # only calls with queries and keys are read
        assert key is not None
        part = replace(part, queries=_on(part.queries, query), keys=_on(part.keys, key))
        rules = self._rules.read(query, key, reading, part)
        shown = None if rules.visible is None else rules.visible.shown
        if trim is not None and shown is not None:
            trimmed = trim(shown, part)
            if trimmed is not None:
                part = trimmed
                rules = self._rules.read(query, key, reading, part)
        vectors = kept_of(query[part.row].detach(), part.queries, 1), kept_of(key[part.row].detach(), part.keys, 1)
        return QKRecord(*vectors, rules, name, is_rotary(call.module)), part

    def _returned(
        self, call: AttentionCall, parts: Sequence[CallPart], sample: Sequence[CallPart], name: str
    ) -> Proved | None:
        """Return records of the weights that the function returned, if they give its output; else None."""
        if call.weights is None:
            return None
        weights = call.weights.detach()
        one_memory = weights.stride(1) == 0 and weights.shape[1] > 1
        worst = 0.0
        for part in sample:
            if call.value is None or call.output is None:
                return None
            found = replay_of_weights(weights[part.row], call.value[part.row], call.output[part.row], self._turn)
            if not found.proves or _reaches_beyond(weights[part.row], part):
                return None
            worst = max(worst, found.difference)
        if one_memory:
            weights = weights[:, :1]
        records: list[Record] = []
        for part in parts:
            kept = kept_of(weights[part.row], part.queries, 1)
            records.append(ArrayRecord(kept_of(kept, part.keys, 2), name))
        return Proved(records, Proof(worst, given=True, one_memory=one_memory))


def _refusal(call: AttentionCall, nearest: Replay | None) -> str:
    kind = type(call.module).__name__
    if call.value is None or call.output is None:
        return f"{kind} returned no output that its weights could be held against, so they are not shown."
    returned = "it returned no weights" if call.weights is None else "neither do the weights that it returned"
    dropout = call.options.get("dropout_p") or call.options.get("dropout")
    if isinstance(dropout, float) and dropout > 0:
        return (
            f"{kind} attends with dropout_p={dropout:g} although the model is in evaluation mode, so its weights are "
            "dropped at random, and none are shown. Pass self.dropout if self.training else 0.0."
        )
    off = "" if nearest is None or nearest.difference == float("inf") else f" (they differ by {nearest.difference:.2g})"
    return (
        f"{kind} computes attention by rules of its own: weights from its queries and keys do not give the output that "
        f"it returned{off}, and {returned}, so none are shown."
    )


def _reaches_beyond(weights: Tensor, part: CallPart) -> bool:
    """Return whether any kept query sees a key that is to be left out; weights are (heads, queries, keys)."""
    if part.keys is None or not part.by_key_mask:
        return False
    rest = torch.ones(weights.shape[-1], dtype=torch.bool, device=weights.device)
    rest[part.keys.to(weights.device)] = False
    return bool((kept_of(weights, part.queries, 1)[..., rest] > 0).any())


def kept_of(tensor: Tensor, positions: Tensor | None, axis: int) -> Tensor:
    """Return some positions of an axis; all for None."""
    return tensor if positions is None else tensor.index_select(axis, positions.to(tensor.device))


def _on(positions: Tensor | None, tensor: Tensor) -> Tensor | None:
    return None if positions is None else positions.to(tensor.device)
