"""Tier 3: models that attend by themselves in eager code return their weights; there are no queries and keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from torch import Tensor

from headscope.capture.recorder import Recorder
from headscope.capture.watch import Returned, Watch

FIELDS = {"attentions": None, "encoder_attentions": "encoder", "decoder_attentions": "decoder"}
FIELDS |= {"cross_attentions": "cross"}
"""The fields of a model's output that hold weights, and the map that they are of; None: the module's name says."""

SUM_TOLERANCE = 0.02
"""How far a row of weights may be from a sum of one: bfloat16 adds up to this, no other meaning of a tensor does."""


def take_outputs(recorder: Recorder, watch: Watch, outputs: Any) -> None:
    """Let the recorder keep the weights that a model returned.

    Some models return fewer weights than their modules do (Swin Transformer 2 one layer of each stage); then the
    modules' are taken.

    Raises
    ------
    ValueError
        What is returned are not weights of queries by keys.
    """
    seen = [returned for returned in watch.returned if _is_weights(returned.weights)]  # not T5's position bias
    known = {id(returned.weights): returned for returned in seen}
    found = list(_returned(outputs))
    if len(known) > len(found) and all(id(tensor) in known for _, tensor in found):
        found = [(None, returned.weights) for returned in seen]
    for number, (map_name, weights) in enumerate(found):
        returned = known.get(id(weights)) or _unnamed(
            watch.returned if len(watch.returned) == len(found) else seen, number, weights
        )
        _check(returned)
        recorder.take_weights(returned, map_name)


def _unnamed(seen: list[Returned], number: int, weights: Tensor) -> Returned:
    """Return weights that the model has changed since its module returned them, such as the order of their axes."""
    name = seen[number].module if number < len(seen) else f"attention {number}"
    return Returned(name, weights, ())


def _returned(outputs: Any) -> Iterator[tuple[str | None, Tensor]]:
    if not isinstance(outputs, Mapping):
        return
    for name, map_name in FIELDS.items():
        for weights in outputs.get(name) or ():
            if isinstance(weights, Tensor):
                yield map_name, weights
    for part in outputs.values():
        yield from _returned(part)


def _is_weights(tensor: Tensor) -> bool:
    if tensor.dim() != 4 or not tensor.is_floating_point():
        return False
    sums = tensor.detach().float().sum(-1)
    one = (sums - 1).abs() < SUM_TOLERANCE
    return bool((one | (sums == 0) | sums.isnan()).all()) and bool((one | sums.isnan()).any())  # zeros alone: a mask


def _check(returned: Returned) -> None:
    if not _is_weights(returned.weights):
        raise ValueError(
            f"{returned.module!r} returned a tensor of shape {tuple(returned.weights.shape)} as attention. Its rows do "
            "not add up to one: these are not weights of queries by keys, so they can't be shown."
        )
