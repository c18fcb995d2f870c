"""One case: capture a model and judge every weight against what the model computed."""

from __future__ import annotations

import copy
import math
import traceback
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

import headscope as hs
from headscope.data.arrays import ArrayRecord
from headscope.data.layers import pieces_of
from zoo.every.names import wrong_words
from zoo.every.observe import Call, Seen, observe

TOLERANCE = 1e-5
OURS = (ValueError, TypeError, IndexError, MemoryError)
Array = NDArray[np.float32]


@dataclass(frozen=True)
class Outcome:
    """How one case ended."""

    kind: str
    """Its model type."""
    model: str
    """Its model class."""
    form: str
    """The form of its inputs."""
    result: str
    """`exact`, `noted`, `refused`, `wrong`, `crash`, or `broken` where the model itself doesn't run."""
    why: str = ""
    difference: float = math.nan
    tiers: tuple[int, ...] = ()
    maps: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    eager: float = 0.0
    """How far the model's own run with eager attention is from its run as loaded."""


SAID = ("decoding steps differ", "was not held against", "may see no key")
"""Parts of the notes by which a report says that what it shows is not all that the model did."""


def judged(kind: str, model: Any, form: str, inputs: dict[str, Any], row: int = 0) -> Outcome:
    """Capture one text of a batch and judge it."""
    name = type(model).__name__
    own = observe(model, copy.deepcopy(inputs))
    try:
        torch.manual_seed(0)
        capture = hs.capture(model, inputs=copy.deepcopy(inputs), batch_index=row, progress=False)
    except OURS as error:
        return Outcome(kind, name, form, *refused(error))
    except Exception as error:
        return Outcome(kind, name, form, "crash", described(error))
    if names := wrong_names(capture) or wrong_words(capture, model, inputs, row):
        return Outcome(kind, name, form, "wrong", names)
    report = capture.report()
    tiers = tuple(sorted({part.tier for part in report.maps if part.tier}))
    found = tiers, tuple(capture.maps), (*report.notes, *(f"{key}: {reason}" for key, reason in report.missing.items()))
    eager = None
    if 3 in tiers:
        with suppress(Exception):  # some can't return weights, though they compute them
            eager = observe(model, copy.deepcopy(inputs), "eager", returned=True)
    result, why, difference = Judge(capture, own, eager, inputs, row).verdict()
    if result == "wrong" and difference < 1e-3:
        better = _in_double(model, capture, inputs, row, own)
        if better is not None:
            result, why = "exact", better
    if result == "exact" and report.missing:
        result = "noted"
    if result == "wrong" and any(said in note for said in SAID for note in report.notes):
        result = "noted"
    apart = eager_apart(model, inputs, own) if form in ("plain", "image") else 0.0
    return Outcome(kind, name, form, result, why, difference, *found, apart)


def eager_apart(model: Any, inputs: dict[str, Any], own: Seen) -> float:
    """Return the largest difference between the weights of a run with eager attention and of the run as loaded."""
    loaded = [call.weights for call in own.calls if call.kind == "interface"]
    if not loaded:
        return 0.0
    try:
        other = [
            call.weights for call in observe(model, copy.deepcopy(inputs), "eager").calls if call.kind == "interface"
        ]
    except Exception:
        return 0.0
    if [weights.shape for weights in loaded] != [weights.shape for weights in other]:
        return math.inf
    return max(float((one - two).abs().max()) for one, two in zip(loaded, other, strict=True) if one.numel())


def _tier_of(record: Any, tier: int | None) -> int | None:
    """Return the tier of a layer: some layers of a map may have queries and keys, and others only weights."""
    only_weights = any(isinstance(piece, ArrayRecord) for piece in pieces_of(record))
    return tier if tier != 3 or only_weights else 1


def wrong_names(capture: Any) -> str:
    """Return a sentence about a map that has other numbers of names than positions."""
    for map_ in capture.maps.values():
        for record in map_.records:
            if (len(map_.query_tokens), len(map_.key_tokens)) != (record.num_queries, record.num_keys):
                return f"{map_.name} has {len(map_.query_tokens)} names for {record.num_queries} queries"
    return ""


def refused(error: Exception) -> tuple[str, str]:
    """Tell a refusal of ours, which is raised in Headscope's own code, from another's error."""
    last = traceback.extract_tb(error.__traceback__)[-1].filename
    if "/headscope/" not in last:
        return "crash", described(error)
    return "refused", str(error).replace("\n", " ")


def described(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    ours = next((f for f in reversed(frames) if "/headscope/" in f.filename), frames[-1])
    last = frames[-1]
    place = f"{ours.filename.rpartition('/headscope/')[2]}:{ours.lineno}" if ours is not last else ""
    end = "/".join(last.filename.split("/")[-2:])
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text:.160} ({place} > {end}:{last.lineno})"


def _in_double(model: Any, capture: Any, inputs: dict[str, Any], row: int, own: Seen) -> str | None:
    """Judge rounding against float64: return a sentence if ours is no further from it than the model's own."""
    try:
        exact = copy.deepcopy(model).double()
        double = {
            name: value.double() if isinstance(value, Tensor) and value.is_floating_point() else value
            for name, value in inputs.items()
        }
        seen = observe(exact, double)
        ours = Judge(capture, seen, None, inputs, row).verdict()[2]
        theirs = max(
            float(np.nanmax(np.abs(np.asarray(one.weights) - np.asarray(other.weights))))
            for one, other in zip(own.calls, seen.calls, strict=True)
        )
    except Exception:
        return None
    # As much again may be lost from the same queries and keys on another way to the weights.
    if ours > max(TOLERANCE, 2 * theirs):
        return None
    return f"rounding: {ours:.1e} from float64, and the model itself {theirs:.1e}"


class Judge:
    """The comparison of one capture with what a model computed."""

    def __init__(self, capture: Any, own: Seen, eager: Seen | None, inputs: dict[str, Any], row: int) -> None:
        self.capture, self.own, self.eager, self.row = capture, own, eager, row
        self.batch = _batch(inputs)
        masks = [
            value for name, value in inputs.items() if "mask" in name and isinstance(value, Tensor) and value.dim() == 2
        ]
        self.kept = [mask[row].bool().numpy() for mask in masks if len(mask) == self.batch]
        self.used: set[tuple[int, int]] = set()

    def verdict(self) -> tuple[str, str, float]:
        """Return the result, the reason, and the largest difference."""
        worst, reasons = 0.0, []
        for part in self.capture.report().maps:
            records = self.capture.maps[part.name].records
            for layer, record in enumerate(records):
                module = part.modules[layer] if layer < len(part.modules) else record.module
                difference, reason = self._of_record(record, module, _tier_of(record, part.tier))
                worst = max(worst, difference) if not math.isnan(difference) else difference
                if reason:
                    reasons.append(f"{part.name}[{layer}] {module}: {reason}")
        if left := self._left():
            reasons.append(left)
        return ("wrong" if reasons else "exact"), "; ".join(reasons[:3]), worst

    def _of_record(self, record: Any, module: str, tier: int | None) -> tuple[float, str]:
        pieces = pieces_of(record)
        worst, reason = 0.0, ""
        for piece in pieces:
            found = piece.weights(range(piece.num_heads), slice(0, piece.num_queries), slice(0, piece.num_keys))
            difference, why = self._best(found, module, tier)
            reason = reason or why
            worst = max(worst, difference)
        return worst, reason

    def _best(self, found: Array, module: str, tier: int | None) -> tuple[float, str]:
        options = self._options(module, tier)
        fitting = [
            (key, wanted)
            for key, weights in options
            if key not in self.used
            for wanted in self._fitted(weights, found.shape)
        ]
        if not fitting:
            shapes = sorted({tuple(weights.shape) for _, weights in options})
            return math.inf, f"shape {found.shape} is none of {shapes[:4]}"
        best = math.inf
        for key, wanted in fitting:
            both = np.isnan(found) & np.isnan(wanted)  # a model whose memory was never written to computes NaN
            difference = float(np.where(both, 0.0, np.abs(found - wanted)).max()) if found.size else 0.0
            difference = math.inf if math.isnan(difference) else difference
            if difference < best:
                best, chosen = difference, key
            if best <= TOLERANCE:
                break
        if math.isinf(best):
            return best, "not a number"
        self.used.add(chosen)
        return best, f"off by {best:.2g}" if best > TOLERANCE else ""

    def _options(self, module: str, tier: int | None) -> list[tuple[tuple[int, int], Array]]:
        kinds = ("softmax",) if tier == 3 else ("interface", "kernel")
        calls = self.own.of(module, *kinds)
        if tier == 3 and not calls:
            calls = self.own.of(module, "interface", "kernel") or [c for c in self.own.calls if c.kind == "softmax"]
        options = [option for call in calls for option in self._rows(call)]
        if tier == 3 and not options and self.eager is not None:
            for place, weights in enumerate(self.eager.returned):
                options += self._rows(Call((), weights, "returned"), -1 - place)
        return options

    def _rows(self, call: Call, number: int | None = None) -> list[tuple[tuple[int, int], Array]]:
        """Return the weights of each window of this text: (heads, queries, keys) each."""
        number = id(call) if number is None else number
        weights = call.weights.float()
        if weights.dim() == 3:
            several = len(weights) // self.batch
            weights = (
                weights.reshape(self.batch, several, *weights.shape[1:])
                if several * self.batch == len(weights)
                else weights[None]
            )
        if weights.dim() != 4:
            weights = weights.reshape(-1, *weights.shape[-3:])
        size = len(weights)
        each = size // self.batch if size % self.batch == 0 else 0
        rows = range(self.row * each, (self.row + 1) * each) if each else range(size)
        return [((number, place), weights[place].numpy()) for place in rows]

    def _fitted(self, weights: Array, shape: tuple[int, ...]) -> list[Array]:
        """Return the ways to leave padding out of weights by which they have this shape."""
        ways = [weights]
        for axis in (1, 2):
            if weights.shape[axis] != shape[axis]:
                ways = [
                    way.compress(kept, axis) for way in ways for kept in self._kept(weights.shape[axis], shape[axis])
                ]
        return [way for way in ways if way.shape == shape]

    def _kept(self, size: int, wanted: int) -> list[NDArray[np.bool_]]:
        """Return which positions remain: all that aren't padding, and what a model puts before or behind its text."""
        found = []
        for kept in self.kept:
            if len(kept) > size:
                continue
            several = size // len(kept)
            if size == several * len(kept) and wanted == several * kept.sum():
                found.append(np.tile(kept, several))
            more = np.ones(size - len(kept), bool)
            if kept.sum() + len(more) == wanted:
                found += [np.concatenate([kept, more]), np.concatenate([more, kept])][: 2 if len(more) else 1]
        return found

    def _left(self) -> str:
        """Return a sentence about calls that the capture shows nothing of, unless its report says so."""
        report, left = self.capture.report(), []
        numbers = {number for number, _ in self.used}
        shown = {module for part in report.maps for module in part.modules}
        for call in self.own.calls:
            if call.kind == "softmax" or id(call) in numbers:
                continue
            if any(module in report.missing for module in call.modules) or self._is_shown(call, shown, numbers):
                continue
            left.append(call.modules[-1] if call.modules else "?")
        return (
            f"{len(left)} calls are neither shown nor said to be missing: {', '.join(sorted(set(left))[:3])}"
            if left
            else ""
        )

    def _is_shown(self, call: Call, shown: set[str], numbers: set[int]) -> bool:
        """Return whether a call that fits no layer is another way to see one: of a shown module, with equal weights."""
        if not shown & set(call.modules):
            return False
        same = [one for one in self.own.calls if one.modules == call.modules and one.kind == call.kind]
        used = [one for one in same if id(one) in numbers]
        return not used or any(
            one.weights.shape == call.weights.shape and torch.equal(one.weights, call.weights) for one in used
        )


def _batch(inputs: dict[str, Any]) -> int:
    for name in ("input_ids", "pixel_values", "input_features", "input_values", "inputs_embeds"):
        if isinstance(inputs.get(name), Tensor) and name in inputs and "grid_thw" not in " ".join(inputs):
            return len(inputs[name])
    first = next(iter(inputs.values()))
    grid = next((value for name, value in inputs.items() if name.endswith("grid_thw")), None)
    return len(inputs["input_ids"]) if "input_ids" in inputs else len(grid) if grid is not None else len(first)
