"""The report of a pass: how each map was captured, and the attention modules of which nothing was recorded."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from headscope.data.layer_names import name_layers
from headscope.data.layers import VectorRecord, pieces_of
from headscope.data.report import MapReport, Report
from headscope.text.counted import counted
from headscope.tracing.inputs.tensors import IDS
from headscope.tracing.qk.tensors import Rules

if TYPE_CHECKING:
    from headscope.tracing.hooks.recorder import Recorder
    from headscope.tracing.maps import TracedMap

HAVE_YOURSELF = "Weights that you have yourself can be shown with hs.from_attentions(attentions, tokens)."


def summary(name: str, maps: Sequence[TracedMap], recorder: Recorder, batch_size: int) -> Report:
    """Return the report of a pass; it lists every attention module that ran without leaving a record."""
    watch = recorder.watch
    recorded = {layer.module for part in maps for layer in part.layers} | recorder.of_others
    missing = recorder.refused | {name: why for name, why in recorder.doubted.items() if name not in recorded}
    silent = watch.silent(recorded | {name.partition(",")[0] for name in missing})
    missing |= {module: _reason(watch.modules[module]) for module in silent}
    names = name_layers([[layer.module for layer in part.layers] for part in maps])
    reports = tuple(_map_report(part, own, watch.modules) for part, own in zip(maps, names, strict=True))
    notes = (
        *_notes(reports),
        *_of_several_texts(reports, recorder, batch_size),
        *_of_repeated(recorder),
        *_of_several(recorder),
        *_of_windows(maps),
        *_of_blank_rows(maps),
    )
    return Report(model=name, maps=reports, missing=missing, notes=notes)


def _of_several_texts(reports: Sequence[MapReport], recorder: Recorder, batch_size: int) -> list[str]:
    return [
        f"The model reads the images or sounds of a batch as one sequence: the {report.name!r} map shows those of all "
        f"{batch_size} texts. Capture the texts one at a time to separate them."
        for report in reports
        if report.name.split()[0] in recorder.shared
    ]


def _of_repeated(recorder: Recorder) -> list[str]:
    if not recorder.repeated:
        return []
    name, count = next(iter(recorder.repeated.items()))
    name = name or "The model"
    if len(recorder.repeated) == 1:
        return [f"{name} attends {count + 1} times with the same queries and keys: it shows its weights once."]
    return [
        f"{len(recorder.repeated)} modules, such as {name}, attend {count + 1} times with the same queries and keys: "
        "each shows its weights once."
    ]


def _of_several(recorder: Recorder) -> list[str]:
    if not recorder.several:
        return []
    name, count = next(iter(recorder.several.items()))
    return [
        f"{len(recorder.several)} modules, such as {name}, attend {count} times in one run: each time is a layer of "
        "its own."
    ]


def _of_windows(maps: Sequence[TracedMap]) -> list[str]:
    own = [part.map.name for part in maps if part.layers[0].place.pieces > 1 and all(part.origins)]
    if not own:
        return []
    return [
        f"The model attends inside of windows: {', '.join(map(repr, own))} number them in the order in which a layer "
        "computes them, such as rows or columns of an image, which may differ from layer to layer."
    ]


def _of_blank_rows(maps: Sequence[TracedMap]) -> list[str]:
    """Return notes on queries that may see no key; models spread them evenly over keys that are hidden from them."""
    notes = []
    for part in maps:
        pieces = [piece for record in part.map.records for piece in pieces_of(record)]
        rules = {id(rules.visible): rules.visible for piece in pieces if isinstance(rules := piece.rules, Rules)}
        blank = max((visible.num_blank for visible in rules.values() if visible is not None), default=0)
        if blank:
            notes.append(
                f"{counted(blank, 'query', 'queries')} of the {part.map.name!r} map may see no key: the weights are "
                "shown as 0, though the model itself may spread them evenly over hidden keys."
            )
    return notes


def nothing_recorded(model: torch.nn.Module, recorder: Recorder, arguments: Mapping[str, Any], outputs: Any) -> str:
    """Return the message of a pass of which nothing can be shown.

    Parameters
    ----------
    model
        The model.
    recorder
        What was seen of the pass.
    arguments
        What the model was called with, by name.
    outputs
        What it returned.
    """
    kind = type(model).__name__
    if inspect.isgenerator(outputs) or inspect.iscoroutine(outputs):
        what = "generator" if inspect.isgenerator(outputs) else "coroutine"
        outputs.close()
        return (
            f"{kind} returned a {what}, which computes nothing until it is read: capture a module whose forward reads "
            "it and returns tensors."
        )
    if recorder.watch.in_other_threads:
        return (
            f"{kind} runs modules in threads of its own, such as {recorder.watch.in_other_threads[0]}: only the thread "
            "that calls capture is seen. Capture a model that runs in one thread."
        )
    wrong = [name for name, value in arguments.items() if name in IDS and isinstance(value, Tensor) and value.dim() > 2]
    if wrong and not kind.endswith("MultipleChoice"):  # those read several texts side by side
        return (
            f"{kind} ran, but no attention was recorded: inputs[{wrong[0]!r}] has the shape "
            f"{tuple(arguments[wrong[0]].shape)}. Pass the ids of one text, or a batch of them of shape (texts, "
            "positions)."
        )
    if known := recorder.refused or recorder.doubted or recorder.suspected:
        name, reason = next(iter(known.items()))
        where = f"{name}: " if name else ""
        return f"{kind} ran, but none of its attention can be shown: {where}{reason} {HAVE_YOURSELF}"
    if not recorder.watch.ran():
        return (
            f"{kind} has no attention: none of the modules that ran is an attention module, and no softmax over "
            f"positions was multiplied with values. {HAVE_YOURSELF}"
        )
    name = recorder.watch.ran()[0]
    return f"{kind} ran, but no attention was recorded: {name}: {_reason(recorder.watch.modules[name])} {HAVE_YOURSELF}"


def _map_report(part: TracedMap, layer_names: tuple[str, ...], modules: Mapping[str, torch.nn.Module]) -> MapReport:
    pieces = [piece for record in part.map.records for piece in pieces_of(record)]
    return MapReport(
        name=part.map.name,
        tier=max(layer.tier for layer in part.layers),
        num_layers=part.map.num_layers,
        num_heads=tuple(sorted({record.num_heads for record in part.map.records})),
        num_kv_heads=tuple(sorted({piece.num_kv_heads for piece in pieces if isinstance(piece, VectorRecord)})),
        precision=", ".join(sorted({layer.dtype for layer in part.layers})),
        modules=tuple(layer.module for layer in part.layers),
        difference=max(layer.proof.difference for layer in part.layers),
        layer_names=layer_names,
        function=", ".join(sorted({_function_of(modules[layer.module]) for layer in part.layers if layer.tier == 1})),
    )


def _function_of(module: torch.nn.Module) -> str:
    """Return the name by which a module looks up its attention function; transformers' eager and sdpa may differ."""
    return str(getattr(getattr(module, "config", None), "_attn_implementation", None) or "eager")


def _reason(module: torch.nn.Module) -> str:
    kind = type(module).__name__
    if "Linear" in kind or "Delta" in kind:
        return f"{kind} is linear attention: it has no weights of queries by keys."
    return f"{kind} computes attention in code of its own, in which no softmax of queries by keys was seen."


def _notes(reports: Sequence[MapReport]) -> list[str]:
    notes = [
        f"The model computed NaN or infinite numbers in the {report.name!r} map: its weights may be NaN."
        for report in reports
        if report.difference is not None and not isfinite(report.difference)
    ]
    low = sorted({report.precision for report in reports if report.tier != 3} - {"float32"})
    if by_hand := [report.name for report in reports if report.tier == 3]:
        names = ", ".join(map(repr, by_hand))
        notes.append(
            f"The model computes the attention of {names} step by step: its weights are shown as they were, without "
            "queries and keys."
        )
    if low:
        notes.append(
            f"The model computes in {', '.join(low)}; weights are computed from its queries and keys in float32."
        )
    return notes
