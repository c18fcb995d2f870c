"""Captures of generated text, judged against the model's own decoding steps."""

from __future__ import annotations

import copy
import math
from collections import Counter
from typing import Any

import numpy as np
import torch
from torch import Tensor

import headscope as hs
from headscope.data.layers import pieces_of
from zoo.every.inputs import WORDS, parts_of
from zoo.every.judge import OURS, SAID, TOLERANCE, Array, Judge, Outcome, described, refused
from zoo.every.observe import Call, Seen, observe, observed

OPTIONS: dict[str, Any] = {"max_new_tokens": 4, "min_new_tokens": 4, "do_sample": False, "pad_token_id": 0}


def judged_generation(kind: str, model: Any, form: str, inputs: dict[str, Any], row: int) -> Outcome:
    """Capture one generated sequence and judge it against the steps that wrote it."""
    name, options = type(model).__name__, _options(model)
    try:
        own = observed(model, lambda: model.generate(**copy.deepcopy(inputs), **options))
    except Exception as error:
        return Outcome(kind, name, form, "broken", described(error))
    try:
        torch.manual_seed(0)
        capture = hs.capture_generation(
            model, inputs=copy.deepcopy(inputs), sequence_index=row, candidates=None, progress=False, **options
        )
    except OURS as error:
        return Outcome(kind, name, form, *refused(error))
    except Exception as error:
        return Outcome(kind, name, form, "crash", described(error))
    report = capture.report()
    tiers = tuple(sorted({part.tier for part in report.maps if part.tier}))
    notes = (*report.notes, *(f"{key}: {reason}" for key, reason in report.missing.items()))
    result, why, difference = _verdict(capture, own, inputs, row)
    if result == "wrong" and difference < 1e-3 and _closer_in_double(model, capture, own, inputs, row):
        result, why = "exact", "rounding: the steps are as far from float64"
    if result == "exact" and report.missing:
        result = "noted"
    if result in ("wrong", "unjudged") and any(said in note for said in SAID for note in capture.report().notes):
        result = "noted"
    if result == "wrong" and _is_own_pass(model, own, inputs, capture, row):
        if difference < 1e-3:
            result = "exact"
        why += "; it equals the model's own pass over the written text, which differs from its own steps"
    return Outcome(kind, name, form, result, why, difference, tiers, tuple(capture.maps), notes)


def _options(model: Any) -> dict[str, Any]:
    """Return options by which a model writes words only: special tokens may stand for images."""
    size = max(getattr(part, "vocab_size", None) or 0 for part in parts_of(model.config))
    return OPTIONS | {"suppress_tokens": list(range(WORDS[1], size))} if size > WORDS[1] else OPTIONS


def _verdict(capture: Any, own: Seen, inputs: dict[str, Any], row: int) -> tuple[str, str, float]:
    mask = inputs.get("attention_mask")
    kept = None if mask is None else mask[row].bool().numpy()
    worst, reasons, judged = 0.0, [], 0
    layers: Counter[str] = Counter()
    parts = capture.report().maps
    total = Counter(module for part in parts for module in part.modules)
    for part in parts:
        for record, module in zip(capture.maps[part.name].records, part.modules, strict=True):
            if len(pieces_of(record)) > 1 or part.name.startswith("stream"):  # a step's stream has one key of its own
                continue
            found = record.weights(range(record.num_heads), slice(0, record.num_queries), slice(0, record.num_keys))
            calls = _calls(own, module, part.tier, layers[module], total[module])
            if not calls and part.tier == 3:  # the report names no module
                calls = own.of("", "softmax")[part.modules.index(module) :: len(part.modules)]
            layers[module] += 1
            difference, rows = _of_steps(found, calls, kept, row)
            judged += rows
            worst = max(worst, difference)
            if difference > TOLERANCE:
                reasons.append(f"{part.name} {module}: off by {difference:.2g}")
    if not judged:
        return "unjudged", "no step has the shape of a layer", math.nan
    return ("wrong" if reasons else "exact"), "; ".join(reasons[:3]), worst


def _calls(own: Seen, module: str, tier: int | None, place: int, count: int) -> list[Call]:
    """Return the calls of one layer, one for each step."""
    found = own.of(module, "softmax") if tier == 3 else []
    found = found or own.of(module, "interface", "kernel")
    if (
        found and sum(call.weights.shape == found[0].weights.shape for call in found) > count
    ):  # equal calls are shown once
        found = [call for at, call in enumerate(found) if not at or not _same(call, found[at - 1])]
    return found[place::count]


def _same(one: Call, two: Call) -> bool:
    return (
        one.modules == two.modules and one.weights.shape == two.weights.shape and torch.equal(one.weights, two.weights)
    )


def _of_steps(found: Array, calls: list[Call], kept: Any, row: int) -> tuple[float, int]:
    """Return the largest difference of the rows that the steps computed, and how many there were."""
    at, worst, rows = 0, 0.0, 0
    lead = calls[0].weights.shape[-2] - len(kept) if calls and kept is not None else 0
    if lead > 0:  # virtual tokens or patches before the text
        kept = np.concatenate([np.ones(lead, bool), kept])
    extra = found.shape[2] - found.shape[1]
    grows = len({call.weights.shape[-1] for call in calls}) > 1  # in cross-attention, all steps read the same keys
    if extra > 0 and grows and calls[0].weights.shape[-1] > calls[0].weights.shape[-2] > 1:
        return _of_joined(found, calls, kept, row, extra)
    shapes = [call.weights.shape[-2:] for call in calls]
    grows = len({keys for _, keys in shapes}) > 1 or bool(shapes and shapes[0][0] == shapes[0][1])
    for step, call in enumerate(calls):
        weights = _of_row(call.weights, len(found), row)
        if weights is None:
            return 0.0, 0
        before = weights.shape[1]
        if kept is not None and before >= len(kept):
            weights = weights.compress(np.concatenate([kept, np.ones(before - len(kept), bool)]), 1)
        if kept is not None and grows:
            columns = np.concatenate([kept, np.ones(step, bool)])[-weights.shape[2] :]
            if len(columns) != weights.shape[2]:
                return 0.0, 0
            weights = weights.compress(columns, 2)
        elif kept is not None and weights.shape[2] == len(kept):
            weights = weights.compress(kept, 2)
        if step and weights.shape[1] > 1 and weights.shape[1] == at + 1:
            weights = weights[:, at:]  # without a cache, a step reads the whole text again
        queries, keys = weights.shape[1:]
        end = at + queries
        start = max(end - keys, 0) if grows else 0
        shown = found[:, at:end, start : end if grows else None]
        wanted = weights[:, :, : end - start] if grows else weights
        if shown.shape != wanted.shape:
            return math.inf, rows
        worst = max(worst, float(np.abs(shown - wanted).max()) if shown.size else 0.0)
        rows += queries
        at = end
    return worst, rows


def _of_joined(found: Array, calls: list[Call], kept: Any, row: int, extra: int) -> tuple[float, int]:
    """Return the same for a layer whose keys are the text's and, behind them, others, which may grow in number."""
    at, worst, rows = 0, 0.0, 0
    length = found.shape[1]
    for step, call in enumerate(calls):
        weights = _of_row(call.weights, len(found), row)
        if weights is None:
            return 0.0, 0
        columns = None if kept is None else np.concatenate([kept, np.ones(step, bool)])
        if columns is not None and not step:
            weights = weights.compress(kept, 1)
        end = at + weights.shape[1]
        # How many keys are the text's is not told: of all splits, one has to give the capture's numbers.
        splits = [
            _apart(found[:, at:end], weights, end, length, columns, others)
            for others in range(min(extra, weights.shape[2]) + 1)
        ]
        worst = max(worst, min(splits))
        rows, at = rows + weights.shape[1], end
    return worst, rows


def _apart(own: Array, weights: Array, end: int, length: int, columns: Any, others: int) -> float:
    """Return the largest difference of rows whose keys are the text's up to `end`, and `others` behind `length`."""
    text, behind = weights[:, :, : weights.shape[2] - others], weights[:, :, weights.shape[2] - others :]
    if columns is not None:
        if text.shape[2] > len(columns):
            return math.inf
        text = text.compress(columns[len(columns) - text.shape[2] :], 2)
    wanted = np.zeros_like(own)
    if text.shape[2] > end:
        return math.inf
    wanted[:, :, end - text.shape[2] : end] = text
    wanted[:, :, length : length + others] = behind
    return float(np.abs(own - wanted).max())


def _of_row(weights: Tensor, heads: int, row: int) -> Array | None:
    """Return the weights of one text, shape (heads, queries, keys); None if the call has another layout."""
    if weights.dim() == 3 and len(weights) % heads == 0:  # heads and texts on one axis
        weights = weights.reshape(-1, heads, *weights.shape[1:])
    if weights.dim() != 4 or weights.shape[1] != heads or len(weights) <= row:
        return None
    return weights[row].float().numpy()


def _closer_in_double(model: Any, capture: Any, own: Seen, inputs: dict[str, Any], row: int) -> bool:
    """Return whether float64 is nearer to the capture than to the model's own steps, or as near."""
    try:
        exact = copy.deepcopy(model).double()
        double = {name: _doubled(value) for name, value in inputs.items()}
        seen = observed(exact, lambda: exact.generate(**double, **_options(exact)))
        ours = _verdict(capture, seen, inputs, row)[2]
        steps = zip(own.calls, seen.calls, strict=True)
        theirs = max(float((one.weights - two.weights).abs().max()) for one, two in steps if one.kind != "softmax")
    except Exception:
        return False
    return ours <= max(TOLERANCE, 3 * theirs)


def _doubled(value: Any) -> Any:
    return value.double() if isinstance(value, Tensor) and value.is_floating_point() else value


def _is_own_pass(model: Any, own: Seen, inputs: dict[str, Any], capture: Any, row: int) -> bool:
    """Return whether a capture equals the model's own pass over the written text."""
    if model.config.is_encoder_decoder or not isinstance(own.outputs, Tensor):
        return False
    try:
        written = inputs | {"input_ids": own.outputs}
        if (mask := inputs.get("attention_mask")) is not None:
            new = own.outputs.shape[1] - mask.shape[1]
            written["attention_mask"] = torch.cat([mask, mask.new_ones(len(mask), new)], 1)
        return Judge(capture, observe(model, written), None, written, row).verdict()[2] < 1e-3
    except Exception:
        return False
