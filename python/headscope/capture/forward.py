"""One captured forward pass: prepare, run once at full speed, and gather what it left by attention map."""

from __future__ import annotations

import os
import re
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

import torch

from headscope.candidates import Candidates
from headscope.capture import current
from headscope.capture import inputs as reading
from headscope.capture.candidates import read_candidates
from headscope.capture.checks import check_layers
from headscope.capture.decoder import add_decoder_inputs
from headscope.capture.eager import take_outputs
from headscope.capture.estimate import Estimate, estimate
from headscope.capture.inputs import Inputs, Side
from headscope.capture.interface import capturing, evaluation, switched, without_lasting_hooks
from headscope.capture.labels import SIDES, Labeller, is_encoder_decoder
from headscope.capture.labels import Side as SideName
from headscope.capture.modules import Modules
from headscope.capture.offload import Offload, folder_of
from headscope.capture.pictures import images_of, name_pictures, pictures_of
from headscope.capture.places import name_places
from headscope.capture.progress import Progress, stepping
from headscope.capture.recorder import Batch, Layer, Place, Recorder
from headscope.capture.room import check_disk, check_memory
from headscope.capture.segmenting import add_segments
from headscope.capture.summary import summary
from headscope.capture.tiers import Plan, modules_of, plan_of
from headscope.capture.watch import FAST, Watch
from headscope.records import Record
from headscope.reports import Report

SOUNDS = ("input_features", "input_values")
"""Inputs whose positions are times, of which a tokenizer's mask says nothing."""


@dataclass(frozen=True)
class MapParts:
    """All that one attention map is made of."""

    name: str
    records: tuple[Record, ...]
    queries: Side
    keys: Side
    layers: tuple[Layer, ...]


@dataclass(frozen=True)
class Request:
    """What the user asked to capture; see `headscope.capture`, the function."""

    model: Any
    tokenizer: Any = None
    text: Any = None
    text_pair: str | None = None
    inputs: Mapping[str, Any] | None = None
    target: str | None = None
    batch_index: int = 0
    layers: frozenset[int] | None = None
    keep_padding: bool = False
    candidates: int | None = None
    prettify: bool = True
    offload: str | os.PathLike[str] | None = None
    progress: bool | None = None
    segments: Any = None


@dataclass(frozen=True)
class Passed:
    """What a pass left."""

    maps: list[MapParts]
    report: Report
    candidates: Candidates | None


@torch.no_grad()
def run(request: Request) -> Passed:
    """Run the model once and return its attention maps.

    The model is left exactly as it was, whatever happens.
    """
    modules = modules_of(request.model)
    plan = plan_of(modules)
    if request.layers is not None:
        check_layers(modules, request.layers)
    folder = None if request.offload is None else folder_of(request.offload)
    with capturing(), evaluation(modules), without_lasting_hooks(modules), without_compiling():
        inputs = prepare(request, modules)
        labels = Labeller(modules)
        watch = Watch(modules, labels.towers, keep_weights=plan.eager, everything=plan.intercepts)
        known = _checked(estimate(modules, plan, inputs, request.layers), folder)
        with nullcontext() if folder is None else Offload(folder) as file:
            recorder = Recorder(labels, watch, _batch(inputs, request.keep_padding), request.layers, file)
            outputs = _followed(modules, plan, recorder, inputs.arguments, known, request.progress)
            layers = recorder.layers
    if not layers:
        raise ValueError(
            f"{type(request.model).__name__} ran, but no attention came by: its attention layers, if it has any, do "
            "not use transformers' attention interface, torch's fused kernel by its name, or output_attentions."
        )
    maps = _maps(layers, inputs, request, recorder)
    report = summary(model_name(request.model), maps, recorder, inputs.batch_size, plan.eager)
    side = inputs.sides["decoder" if is_encoder_decoder(request.model) else "main"]
    candidates = None if request.candidates is None else read_candidates(outputs, inputs.row, side, request)
    return Passed(maps, report, candidates)


def _checked(known: Estimate, folder: str | None) -> Estimate:
    """Refuse what would not fit, before anything runs."""
    check_memory(known, offloads=folder is not None)
    if folder is not None:
        check_disk(known, folder)
    return known


def _followed(
    modules: Modules, plan: Plan, recorder: Recorder, arguments: dict[str, Any], known: Estimate, shown: bool | None
) -> Any:
    """Run the model, and say how many of its layers are done."""
    steps = [modules.named[name] for name in dict.fromkeys(layer.module for layer in known.layers)]
    # Torch's own attention leaves its fast path where hooks are on it.
    steps = [] if shown is False else [module for module in steps if not isinstance(module, FAST)]
    with Progress("capture", len(known.layers), "layer", shown) as progress, stepping(progress, steps):
        try:
            return _pass(modules, plan, recorder, arguments)
        except BaseException:
            recorder.let_go()
            raise


def _pass(modules: Modules, plan: Plan, recorder: Recorder, arguments: dict[str, Any]) -> Any:
    wanted = {"output_attentions": True, "return_dict": True} if plan.eager else {}
    with switched(modules, plan), recorder.watch.watching(), current.recording(recorder):
        outputs = modules.model(**(arguments | wanted))
    if plan.eager:
        take_outputs(recorder, recorder.watch, outputs)
    return outputs


@contextmanager
def without_compiling() -> Iterator[None]:
    """Run compiled modules as they were written: their compiled code knows nothing of the switch."""
    if "torch._dynamo" not in sys.modules:  # nothing is compiled, and importing it takes seconds
        yield
        return
    with torch.compiler.set_stance("force_eager"), warnings.catch_warnings():
        # Torch warns that hooks for all modules see a compiled module twice: as itself and as what it wraps.
        warnings.filterwarnings("ignore", message="Using `torch.compile", category=UserWarning)
        yield


def prepare(request: Request, modules: Modules) -> Inputs:
    """Turn what the user gave into what the model takes, and refuse what it can't take."""
    model, tokenizer = request.model, request.tokenizer
    encoding: Any = request.inputs
    if request.text is not None:
        encoding = reading.encode(tokenizer, request.text, request.text_pair)
    arguments = reading.as_tensors(encoding, model)
    inputs = reading.read_batch(arguments, request.batch_index)
    known = reading.accepted(model)
    if request.text is not None and "input_ids" in known:  # tokenizers may give more than the model reads
        for name in [name for name in arguments if name not in known]:
            del arguments[name]
    reading.check_inputs(modules, inputs)
    if is_encoder_decoder(model) and ("decoder_input_ids" in known or request.target is not None):
        add_decoder_inputs(model, tokenizer, arguments, request.target)
        reading.check_inputs(modules, inputs)
    elif request.target is not None:
        raise ValueError(f"target is for encoder-decoder models; {type(model).__name__} has no decoder of its own.")
    arguments.pop("labels", None)  # the model would compute a loss
    arguments.pop("output_attentions", None)  # some models would leave their fast kernel
    economies = _economies(model, request.candidates is not None)
    arguments.update({name: value for name, value in economies.items() if name in known and name not in arguments})
    text = reading.read_side(inputs, tokenizer, encoding, "", request.keep_padding, request.prettify)
    inputs.images = images_of(arguments, model, inputs.row)
    inputs.sides = {
        "main": name_pictures(text, pictures_of(arguments, model, inputs.row)),
        "decoder": reading.read_side(inputs, tokenizer, None, "decoder_", request.keep_padding, request.prettify),
    }
    add_segments(request, inputs, encoding)
    return inputs


def _economies(model: Any, logits: bool) -> dict[str, Any]:
    """Return what no attention depends on: without it a pass keeps a cache, and logits for every position.

    Models whose last layers share keys skip all positions but the last in them, if `logits_to_keep` is a number.
    """
    if logits:
        return {"use_cache": False, "logits_to_keep": 0}
    config = model.config.get_text_config() if hasattr(model.config, "get_text_config") else model.config
    if getattr(config, "num_kv_shared_layers", 0):
        return {"use_cache": False, "logits_to_keep": torch.tensor([-1])}
    return {"use_cache": False, "logits_to_keep": 1}


def model_name(model: Any) -> str:
    """Return what people call a model: the name it was loaded by, without its owner or folder, else its class."""
    path = str(getattr(getattr(model, "config", None), "_name_or_path", "") or "")
    for part in reversed(PurePath(path).parts):
        hub = re.fullmatch(r"models--.+?--(.+)", part)
        if hub:
            return hub[1]
        if not re.fullmatch(r"models?|weights|snapshots|checkpoints?|\.+|/|[0-9a-f]{40}", part):
            return part
    return type(model).__name__


def _batch(inputs: Inputs, keep_padding: bool) -> Batch:
    unpadded = {name: (side.length, side.unpadded) for name, side in inputs.sides.items()}
    trims = not keep_padding and any(name in inputs.arguments for name in SOUNDS)
    return Batch(inputs.batch_size, inputs.row, unpadded, inputs.images, trims)  # type: ignore[arg-type]


def _maps(layers: Sequence[Layer], inputs: Inputs, request: Request, recorder: Recorder) -> list[MapParts]:
    """Gather layers to maps; towers of one kind, and layers that differ in size, become maps of their own."""
    found: dict[Place, list[Layer]] = {}
    for layer in layers:
        found.setdefault(layer.place, []).append(layer)
    maps: list[MapParts] = []
    for (kind, _, *sizes), members in found.items():
        same = sum(part.name.split()[0] == kind for part in maps)
        name = f"{kind} {same + 1}" if same else kind
        sides = recorder.labels.sides_of(kind)
        queries, keys = (_side(side, size, inputs, request, recorder) for side, size in zip(sides, sizes, strict=True))
        queries = keys if sides[0] == sides[1] and sizes[0] == sizes[1] else queries
        maps.append(MapParts(name, tuple(layer.record for layer in members), queries, keys, tuple(members)))
    return sorted(maps, key=lambda part: list(SIDES).index(part.name.split()[0]))


def _side(side: SideName, size: int, inputs: Inputs, request: Request, recorder: Recorder) -> Side:
    """Return a side's tokens; where positions are not its tokens, what else they are."""
    tokens = inputs.sides.get(side)
    if tokens is not None and len(tokens.tokens) == size:
        return tokens
    kind = "other" if side in ("main", "decoder") and tokens is not None and tokens.length else side
    length, kept = recorder.trimmed.get((side, size), (size, range(size)))
    names, special, grid = name_places(kind, length, inputs.arguments, request.model, request.tokenizer)
    return Side(tuple(names[position] for position in kept), special, grid=grid)
