"""Record attention from its weights, once a mode has seen them multiply values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from headscope.tracing.hooks.active_recorder import Observer
from headscope.tracing.hooks.calls import AttentionCall, Origin
from headscope.tracing.hooks.followed_axes import Laid, same_axes, unfolded, varying
from headscope.tracing.hooks.modules import num_streams
from headscope.tracing.hooks.shapes import axes_of_call, folded_rows, heads_or_windows, lengths_of, number_of_heads

NEAR_ONE = 1e-2
"""How far a row of weights may be from a sum of one, if it is not the last axis that the softmax was taken over."""

COMPOUND = (
    "{} multiplies the softmax of some scores with that of others, as in attention over landmarks: there is no one "
    "matrix of queries by keys to show."
)

POWER = (
    "{} multiplies its weights with themselves, as a rollout over several steps does: there is no one matrix of "
    "queries by keys to show."
)

TWICE = (
    "{} applies the same weights again to what they gave, as in w @ (w @ v): there is no one matrix of queries by keys "
    "to show."
)

CHAIN = (
    "{} attends to the outcome of another attention without a projection between the two, as attention over landmarks "
    "or along two axes in turn does: there is no one matrix of queries by keys to show."
)

LATE = (
    "{} multiplies exponentials of its scores with values and divides by their sums later, so there are no weights to "
    "show: divide before the product."
)

NO_SOFTMAX = (
    "{} multiplies scores with values, but their rows do not sum to one, as in linear attention or with a sigmoid: "
    "they are no softmax."
)

IN_PARTS = (
    "{} takes one softmax over several groups of keys and multiplies each with values of its own, as attention in "
    "blocks with global tokens does: there is no one matrix of queries by keys to show."
)

BY_QUERY = (
    "{} multiplies its weights with values that differ from query to query, so they are no weights of one set of keys."
)

OF_OTHERS = (
    "{} multiplies a softmax with values, but not one over the positions of its input, as a mixture of experts or of "
    "gathered keys does: there is no one matrix of queries by keys to show."
)

ROWS = (
    "{} multiplies a softmax over positions with values, but what its rows are is not certain: they may be queries, or "
    "features as in linear attention."
)

SPARSE = "{} takes the softmax of a sparse tensor, whose weights are not read: use dense ones, such as with a mask."


@dataclass
class Softmaxed:
    """The softmax of scores that came of a product of queries and keys, or of other numbers."""

    shape: torch.Size
    axis: int
    """The axis over which the softmax was taken, counted from the end: -1 is the last."""
    origins: tuple[Origin, Origin] = ((), ())
    """The arguments whose positions the rows and the columns of the scores have."""
    query: int | None = None
    """The axis that counts queries; None if that is not certain."""
    in_parts: int = 0
    """How often some of its keys, but not all, have been multiplied with values."""
    free: bool = False
    """Whether it is of other numbers than products, such as distances or what a network made of queries and keys."""


def of_positions(
    recorder: Observer, known: Softmaxed, parts: tuple[Tensor, Tensor], laid_as: Laid | None
) -> Softmaxed | None:
    """Return a softmax of any numbers with its origins, if it is certain that it weighs positions; else None.

    Parameters
    ----------
    recorder
        Records the calls.
    known
        The softmax.
    parts
        Weights, shape (..., queries, keys), and values, shape (..., keys, features).
    laid_as
        How the axes of the softmax lie in the memory of the weights; None if that is unknown.
    """
    weights, value = parts
    origin = recorder.origins.of(value)
    count, num_keys = weights.shape[-2:]
    own = lengths_of(recorder.watch.stack, recorder.layout.size)
    positions = own | recorder.origins.lengths
    if not origin or num_keys != known.shape[known.axis] or not is_softmax(weights):
        return None
    along = varying(weights, laid_as)[:-2] if laid_as is not None else []
    heads = number_of_heads(recorder.watch.stack) if count > 1 else None
    lead = {known.shape[axis] for several in along for axis in several if axis}
    reason = None
    if num_keys not in positions or _is_of_features(value):
        reason = OF_OTHERS
    elif count not in {1, *positions} or (count > 1 and recorder.origins.features.axis(weights) == weights.dim() - 2):
        reason = ROWS
    elif lead & own - {heads}:
        reason = BY_QUERY
    if reason is not None:
        doubt(recorder, reason, certain=False)
        return None
    origins = recorder.origins.row_of(weights, origin), origin
    return replace(known, origins=origins if known.axis == -1 else origins[::-1])


def _is_of_features(value: Tensor) -> bool:
    """Return whether the keys of values may as well be their features: there are as many, and they lie innermost."""
    return value.shape[-1] == value.shape[-2] > 1 == value.stride(-2) and value.stride(-1) > 1


def summed(known: Softmaxed, weights: Tensor, value: Tensor, output: Tensor, axis: int) -> list[Tensor] | None:
    """Return weights, values and output of a sum of weighted values with axes as a product of matrices has them.

    Parameters
    ----------
    known
        The softmax that the weights came of.
    weights, value
        What was multiplied, with axes that broadcast to one another.
    output
        The sum.
    axis
        The axis of the products that the sum was taken over.

    Returns
    -------
    list of Tensor or None
        Shapes (..., queries, keys), (..., keys, features) and (..., queries, features); None if this is no such sum.
    """
    rank = max(weights.dim(), value.dim())
    axis %= rank
    weights, value = (part.reshape((1,) * (rank - part.dim()) + part.shape) for part in (weights, value))
    if output.dim() == rank - 1:
        output = output.unsqueeze(axis)
    sizes = list(zip(weights.shape, value.shape, strict=True))
    if sizes[axis] != (known.shape[known.axis],) * 2:
        return None
    others = [at for at in range(rank) if at != axis]
    queries = [at for at in others if sizes[at][0] > 1 == sizes[at][1]]
    features = [at for at in others if sizes[at][1] > 1 == sizes[at][0]]
    lead = [at for at in others if at not in queries and at not in features]
    if len(queries) > 1 or len(features) != 1:
        return None
    if not queries and weights.shape[lead[-1]] == 1 and len(lead) > 1:
        queries = [lead.pop()]
    query = queries[0] if queries else None
    order = (*lead, *([] if query is None else [query]))
    shown = weights.permute(*order, axis, *features)[..., 0]
    given = value.permute(*order, axis, *features)
    out = output.permute(*order, *features, axis)[..., 0]
    if query is None:
        return [shown.unsqueeze(-2), given, out.unsqueeze(-2)]
    return [shown, given.select(len(lead), 0), out]


def take(
    recorder: Observer,
    known: Softmaxed,
    parts: tuple[Tensor, Tensor, Tensor],
    origins: tuple[Origin, Origin],
    laid_as: Laid | None,
) -> None:
    """Record a product of weights with values, if it has a matrix of queries by keys to show.

    Parameters
    ----------
    recorder
        Records the call.
    known
        The softmax that the weights came of.
    parts
        Weights, values and output of the product.
    origins
        The arguments whose positions its rows and columns have.
    laid_as
        How the axes of the softmax lie in the memory of the weights; None if that is unknown.
    """
    module = recorder.watch.running()
    if module is None:
        return
    along = [[], []] if laid_as is None else varying(parts[0], laid_as)
    if known.query is not None and any(known.query in several for several in along[:-2]):
        doubt(recorder, BY_QUERY, certain=True)
        return
    if known.axis != -1 and not _rows_sum_to_one(parts[0]):
        return
    positions = lengths_of(recorder.watch.stack, recorder.layout.size)
    if len(along[-2]) > 1 and parts[0].shape[-2] not in positions:
        if known.query in along[-2] and same_axes(known.shape, parts[0], along):
            _call(recorder, module, _unfolded(known, parts, along), origins)
            return
        if recorder.layout.generic:
            recorder.refuse(module, folded_rows(module, parts[0].shape[-2]))
            return
    sizes = known.shape[-2:] == parts[0].shape[-2:] or known.shape[-2:] == parts[0].shape[:-3:-1]
    lead = known.shape[:-2] if sizes and known.shape[:-2].numel() == parts[0].shape[:-2].numel() else None
    led = [_led(part, lead) for part in parts]
    streams = num_streams(module)
    if led[0].dim() == 5 and led[0].shape[1] == streams:
        for stream in range(streams):
            _call(recorder, module, [part[:, stream] for part in led], origins)
    else:
        _call(recorder, module, led, origins)


def _call(recorder: Observer, module: torch.nn.Module, led: Sequence[Tensor], origins: tuple[Origin, Origin]) -> None:
    """Record a call from its weights, its values and its output."""
    axes = axes_of_call(led[0], led[0].shape[-1], recorder.watch.stack, recorder.layout)
    if axes.doubtful and recorder.layout.generic:
        recorder.refuse(module, heads_or_windows(module, led[0].shape))
        return
    full, values, output = (axes.four(part) for part in led)
    if full is None or values is None or output is None:
        return
    recorder.take(
        AttentionCall(
            module=module,
            kind="softmax",
            tier=3,
            query=None,
            key=None,
            value=values,
            mask=None,
            output=output.transpose(1, 2),
            weights=full,
            origins=origins,
        )
    )


def refuse(recorder: Observer, reason: str) -> None:
    """Show nothing of the running module; the reason begins with its class."""
    module = recorder.watch.running()
    if module is not None:
        recorder.refuse(module, reason.format(type(module).__name__))


def doubt(recorder: Observer, reason: str, certain: bool) -> None:
    """Remember a reason, in case that nothing is shown of the running module, which begins with its class.

    Parameters
    ----------
    recorder
        Records the calls.
    reason
        The reason.
    certain
        Whether the module certainly attends; else it is said only if the whole model shows nothing.
    """
    module = recorder.watch.running()
    if module is not None and recorder.layout.generic:
        recorder.doubt(module, reason.format(type(module).__name__), certain)


def is_softmax(weights: Tensor) -> bool:
    """Return whether no weight is negative and each row sums to one, or to zero if nothing is seen."""
    sums = weights.sum(-1, dtype=torch.float32)
    ones = (sums - 1).abs() < NEAR_ONE
    return weights.numel() > 0 and bool(((ones | (sums == 0)).all() & ones.any() & (weights.amin() >= 0)).all())


def _unfolded(
    known: Softmaxed, parts: tuple[Tensor, Tensor, Tensor], along: Sequence[Sequence[int]]
) -> tuple[Tensor, Tensor, Tensor]:
    """Return weights, values and output of queries that groups of heads were folded into."""
    over, query, sizes = known.axis % len(known.shape), known.query, known.shape
    lead = [axis for axis in range(len(sizes)) if axis not in (over, query)]
    assert query is not None  # only such calls are unfolded
    weights, value, output = parts
    weights, output = (unfolded(part, along[:-1], sizes, [*lead, query]) for part in (weights, output))
    value = unfolded(value, along[:-2], sizes, lead)
    return weights, value.expand(*weights.shape[:-2], -1, -1), output


def _rows_sum_to_one(weights: Tensor) -> bool:
    sums = weights.flatten(0, -2)[:64].float().sum(-1)
    return bool(((sums - 1).abs() < NEAR_ONE).all())


def _led(tensor: Tensor, lead: torch.Size | None) -> Tensor:
    """Return a tensor whose axes before the last two are those that the softmax had, such as batch and heads."""
    return tensor if lead is None else tensor.reshape(*lead, *tensor.shape[-2:])
