"""Put together the calls of one run of a module that are one layer: chunks of queries, steps in time, heads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from headscope.data.arrays import ArrayRecord
from headscope.data.layers import Record
from headscope.tracing.hooks.calls import AttentionCall
from headscope.tracing.hooks.recorded import Call
from headscope.tracing.qk.record import QKRecord
from headscope.tracing.qk.rules import CallPart

CLOSE = 1e-5
"""How far the marks of one key may be apart, as a share of the largest."""


def marks_of(seen: AttentionCall, part: CallPart) -> NDArray[np.float32] | None:
    """Return numbers by which the keys of a call are known again in another one, shape (keys, 1 or 2)."""
    known = [tensor[part.row] for tensor in (seen.value, seen.key) if tensor is not None]
    if not known:
        return None
    marks = torch.stack([_marks(tensor.detach()) for tensor in known], 1)
    marks = marks if part.keys is None else marks[part.keys.to(marks.device)]
    found: NDArray[np.float32] = marks.cpu().numpy()
    return found


def _marks(vectors: Tensor) -> Tensor:
    flat = vectors.float().transpose(0, 1).flatten(1)
    return (flat * torch.linspace(1, 2, flat.shape[1], dtype=flat.dtype, device=flat.device)).sum(1)


def chunks_joined(calls: Sequence[Call]) -> Call:
    """Return the layer whose queries several calls took in turn, each with all of its keys, or some of them.

    Calls that have no key in common, such as those of windows, follow one another.
    """
    first = calls[0]
    key_at = _places_of_keys(calls)
    pieces = [piece for call in calls for piece in call.pieces]
    if key_at is not None and len(pieces) == len(calls):
        ends = np.cumsum([piece.num_queries for piece in pieces])
        query_at = [
            np.arange(end - piece.num_queries, end, dtype=np.int64) for end, piece in zip(ends, pieces, strict=True)
        ]
        first.places = query_at, key_at
    first.pieces = pieces
    for call in calls[1:]:
        first.proof = first.proof.with_other(call.proof)
    return first


def _places_of_keys(calls: Sequence[Call]) -> list[NDArray[np.int64]] | None:
    """Return where the keys of each call lie among those of all calls; None if no two calls have keys in common."""
    squares = all(call.record.num_queries == call.record.num_keys for call in calls)
    windows = squares and calls[0].origins[0] == calls[0].origins[1]  # the same word may be in several
    if windows or any(call.marks is None for call in calls):
        return None
    known, places, shared = np.zeros((0, 2), np.float32), [], False
    for call in calls:
        marks = np.broadcast_to(call.marks, (len(call.marks), 2)) if call.marks is not None else known
        start = next(at for at in range(len(known) + 1) if _same(known[at : at + len(marks)], marks[: len(known) - at]))
        shared |= start < len(known)
        places.append(np.arange(start, start + len(marks), dtype=np.int64))
        known = np.concatenate([known, marks[len(known) - start :]]) if start + len(marks) > len(known) else known
    return places if shared else None


def _same(one: NDArray[np.float32], other: NDArray[np.float32]) -> bool:
    bound = CLOSE * max(np.abs(one).max(initial=0.0), np.abs(other).max(initial=0.0))
    return bool((np.abs(one - other) <= bound).all())


def heads_joined(calls: Sequence[Call]) -> Call | None:
    """Return the layer of which several calls computed some heads each; None if they differ in more than heads."""
    first = calls[0]
    if any(len(call.pieces) != 1 or call.place != first.place for call in calls):
        return None
    record = _of_heads([call.pieces[0] for call in calls])
    if record is None:
        return None
    first.pieces = [record]
    for call in calls[1:]:
        first.proof = first.proof.with_other(call.proof)
    return first


def _of_heads(pieces: Sequence[Record]) -> Record | None:
    first = pieces[0]
    if isinstance(first, ArrayRecord):
        arrays = [piece.array for piece in pieces if isinstance(piece, ArrayRecord)]
        return ArrayRecord(torch.cat(arrays), first.module) if len(arrays) == len(pieces) else None
    own = [piece for piece in pieces if isinstance(piece, QKRecord)]
    if not isinstance(first, QKRecord) or len(own) < len(pieces):
        return None
    if any(not first.rules.alike(one.rules) or first.rules.of_heads for one in own):
        return None
    if len({(one.num_heads // one.num_kv_heads, one.query.shape[-1]) for one in own}) > 1:
        return None
    query, key = torch.cat([one.query for one in own]), torch.cat([one.key for one in own])
    return replace(first, query=query, key=key)
