"""One captured forward pass: prepare the inputs, run the model once at full speed, and build the attention maps."""

from __future__ import annotations

import re
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any

import torch

from headscope.data.attention_map import AttentionMap
from headscope.data.next_tokens import Candidates, LabelProbabilities
from headscope.data.report import Report
from headscope.ranges import OutOfRangeError
from headscope.tracing.generation.repeating import repeated
from headscope.tracing.generation.step_rows import fit_into_memory, of_steps
from headscope.tracing.generation.steps import note_of_steps, warned, warned_of_unfollowed
from headscope.tracing.hooks.batch_layout import BatchLayout, alone, first_axis, is_generic
from headscope.tracing.hooks.labels import Labeller, is_encoder_decoder
from headscope.tracing.hooks.model_state import capturing, evaluation, without_compiling, without_lasting_hooks
from headscope.tracing.hooks.module_stack import Watch
from headscope.tracing.hooks.modules import Modules
from headscope.tracing.hooks.observing import observing
from headscope.tracing.hooks.origins import Origins
from headscope.tracing.hooks.recorded import Batch, Layer
from headscope.tracing.hooks.recorder import Recorder
from headscope.tracing.hooks.tiers import check_served, modules_of
from headscope.tracing.images.layout import Layouts
from headscope.tracing.inner_model import config_of
from headscope.tracing.inputs.caches import cached_keys
from headscope.tracing.inputs.candidates import read_predictions
from headscope.tracing.inputs.failures import reported
from headscope.tracing.inputs.forms import call
from headscope.tracing.inputs.inputs import Inputs
from headscope.tracing.inputs.naming import name_maps
from headscope.tracing.inputs.preflight import check_layers
from headscope.tracing.inputs.prepare import prepare
from headscope.tracing.length_warning import without_length_warning
from headscope.tracing.maps import maps_to_name, trace_maps
from headscope.tracing.memory.estimate import Estimate, estimate
from headscope.tracing.memory.free_memory import check_disk, check_memory
from headscope.tracing.memory.offload import Offload, folder_of
from headscope.tracing.progress import Progress, stepping
from headscope.tracing.request import Request
from headscope.tracing.summary import nothing_recorded, summary
from headscope.tracing.text_axis import settle_axis

SOUNDS = ("input_features", "input_values")
"""Inputs whose positions are points in time, which a tokenizer's mask does not cover."""


@dataclass(frozen=True)
class Passed:
    """The result of a captured pass."""

    maps: list[AttentionMap]
    report: Report
    candidates: Candidates | None
    labels: LabelProbabilities | None


@torch.no_grad()
def run(request: Request) -> Passed:
    """Run the model once and return its attention maps, the report and what the model predicts.

    The model is left exactly as it was, after errors too.

    Raises
    ------
    TypeError, ValueError, IndexError
        The model or the request can't be captured; the message says why.
    MemoryError, OSError
        The capture would not fit into memory, or onto the disk.
    """
    modules = modules_of(request.model)
    check_served(modules)
    if request.layers is not None:
        check_layers(modules, request.layers)
    folder = None if request.offload is None else folder_of(request.offload)
    with capturing(), evaluation(modules), without_lasting_hooks(modules), without_compiling():
        with without_length_warning(request.tokenizer, of_errors=True):
            inputs, layout, late = _begun(request, modules)
        labels = Labeller(modules)
        known = _checked(estimate(modules, inputs, request.layers), folder)
        with nullcontext() if folder is None else Offload(folder) as file:
            while True:
                origins = Origins(inputs.arguments if layout.generic else {})
                batch, watch = _batch(inputs, request), Watch(modules, inputs.arguments)
                recorder = Recorder(labels, watch, batch, request.layers, layout, origins, file)
                outputs = _followed(modules, recorder, inputs.arguments, known, request.progress)
                settle_axis(request.model, inputs.arguments, layout, outputs)
                if late is not None and not layout.other:
                    raise late
                if not (layout.other or layout.folded):
                    break
                recorder.clear()
                inputs, layout = _repeated(request, modules, inputs, layout)
                late = None
            layers = recorder.layers
    if not layers:
        raise ValueError(nothing_recorded(request.model, recorder, inputs.arguments, outputs))
    layers, outputs, said = _held_against_steps(request, modules, layers, outputs, inputs, recorder)
    traced = trace_maps(layers, inputs, request, recorder)
    name_maps(maps_to_name(traced, inputs), inputs.names)
    report = summary(model_name(request.model), traced, recorder, inputs.batch_size)
    report = replace(report, notes=(*inputs.notes, *said, *report.notes))
    side = inputs.sides["decoder" if is_encoder_decoder(request.model) else "main"]
    return Passed([part.map for part in traced], report, *read_predictions(outputs, inputs, side, request))


def _held_against_steps(
    request: Request, modules: Modules, layers: list[Layer], outputs: Any, inputs: Inputs, recorder: Recorder
) -> tuple[list[Layer], Any, list[str]]:
    """Hold the pass over a generated text against its steps, and take the rows of the steps where the two differ.

    Returns the layers, the model's output with the logits of each position, and what to say in the report.
    """
    difference = None if request.steps is None else request.steps.differ(outputs)
    if difference is None:
        unfollowed = request.steps is not None and request.steps.unfollowed
        return layers, outputs, [warned_of_unfollowed()] if unfollowed else []
    found, needs_logits = None, request.candidates is not None  # weights by steps do not go to a file
    if request.script is not None and request.offload is None and fit_into_memory(layers):
        found = repeated(request.script, modules, logits=needs_logits)
    if found is not None and request.steps.agrees(found.said):
        own = of_steps(layers, found, inputs, recorder)
        logits = torch.cat(found.logits)[None] if found.logits else None
        if own is not None and not (needs_logits and logits is None):
            return own, {"logits": logits}, [note_of_steps(difference)]
    return layers, outputs, [warned(difference)]


def _begun(request: Request, modules: Modules) -> tuple[Inputs, BatchLayout, OutOfRangeError | None]:
    """Return the inputs of a pass, with the axis of texts that torch's own modules have, or else the first.

    The error is raised if the pass confirms the first axis: `batch_index` may count texts of another one.
    """
    generic, late = is_generic(request.model), None
    try:
        inputs = prepare(request, modules)
    except OutOfRangeError as error:
        if not generic:
            raise
        inputs, late = prepare(replace(request, batch_index=0), modules), error
    axis = first_axis(request.model, inputs.arguments) if generic else 0
    if axis != 0:
        inputs, late = prepare(request, modules, axis), None
    return inputs, _layout(inputs, generic), late


def _repeated(request: Request, modules: Modules, inputs: Inputs, layout: BatchLayout) -> tuple[Inputs, BatchLayout]:
    """Return the inputs of a second pass: texts of another axis, or one text alone if a call mixed several up."""
    if layout.other:
        repeated = prepare(request, modules, layout.better)
        heard = replace(_layout(repeated, layout.generic), shape=()) if layout.better == 0 else None
        return repeated, heard or _layout(repeated, layout.generic)
    inputs.notes.append(
        f"An axis of the model's attention counts the {inputs.batch_size} texts of the batch and its heads or windows "
        f"together, in an order that is not known: text {inputs.row} was run alone."
    )
    arguments = alone(inputs.arguments, inputs.batch_size, inputs.row, inputs.axis)
    inputs = replace(inputs, arguments=arguments, batch_size=1, row=0, images=None)
    return inputs, replace(_layout(inputs, layout.generic), shape=())  # nothing more to be heard


def _layout(inputs: Inputs, generic: bool) -> BatchLayout:
    return BatchLayout(inputs.batch_size, inputs.axis, inputs.shape, generic, inputs.floats)


def _checked(known: Estimate, folder: str | None) -> Estimate:
    """Return the estimate, or raise before the pass if the capture would not fit into memory or onto the disk."""
    check_memory(known, offloads=folder is not None)
    if folder is not None:
        check_disk(known, folder)
    return known


def _followed(
    modules: Modules, recorder: Recorder, arguments: dict[str, Any], known: Estimate, shown: bool | None
) -> Any:
    """Run the model, with a progress bar of its layers."""
    steps = [modules.named[name] for name in dict.fromkeys(layer.module for layer in known.layers)]
    steps = [] if shown is False else steps
    with Progress("capture", len(known.layers), "layer", shown) as progress, stepping(progress, steps):
        try:
            with observing(modules, recorder), reported(type(modules.model).__name__, arguments):
                return call(modules.model, arguments)
        except BaseException:
            recorder.clear()
            raise


def model_name(model: Any) -> str:
    """Return a short name of a model: the name it was loaded by, without owner or folder, else its class name."""
    path = str(getattr(config_of(model), "_name_or_path", "") or "")
    for part in reversed(PurePath(path).parts):
        hub = re.fullmatch(r"models--.+?--(.+)", part)
        if hub:
            return hub[1]
        if not re.fullmatch(r"models?|weights|snapshots|checkpoints?|\.+|/|[0-9a-f]{40}", part):
            return part
    return type(model).__name__


def _batch(inputs: Inputs, request: Request) -> Batch:
    unpadded = {name: (side.length, side.unpadded) for name, side in inputs.sides.items()}
    trims = not request.keep_padding and any(name in inputs.arguments for name in SOUNDS)
    return Batch(
        size=inputs.batch_size,
        row=inputs.row,
        unpadded=unpadded,  # type: ignore[arg-type]
        padding=inputs.padding,
        images=inputs.images,
        argument=inputs.ids,
        trims=trims,
        layouts=Layouts(
            inputs.arguments,
            request.model,
            inputs.sides,
            inputs.row,
            request.keep_padding,
            cached_keys(inputs.arguments),
        ),
    )
