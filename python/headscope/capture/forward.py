"""One captured forward pass: prepare, run once at full speed, and gather what it left by attention map."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

import torch

from headscope.capture import inputs as reading
from headscope.capture.decoder import add_decoder_inputs
from headscope.capture.inputs import Inputs, Side
from headscope.capture.interface import capturing, check_model, evaluation, switched
from headscope.capture.labels import SIDES, is_encoder_decoder, sides_of
from headscope.capture.recorder import Batch, Layer, Recorder
from headscope.records import Record

ECONOMIES = {"use_cache": False, "logits_to_keep": 1}
"""What no attention depends on: without them a pass keeps a cache, and logits for every position."""


@dataclass(frozen=True)
class MapParts:
    """All that one attention map is made of."""

    name: str
    records: tuple[Record, ...]
    queries: Side
    keys: Side


@dataclass(frozen=True)
class Request:
    """What the user asked to capture; see `headscope.capture`, the function."""

    model: Any
    tokenizer: Any = None
    text: str | None = None
    text_pair: str | None = None
    inputs: Mapping[str, Any] | None = None
    target: str | None = None
    batch_index: int = 0
    layers: frozenset[int] | None = None


@torch.no_grad()
def run(request: Request) -> list[MapParts]:
    """Run the model once and return its attention maps.

    The model is left exactly as it was, whatever happens.
    """
    check_model(request.model)
    with capturing(), evaluation(request.model):
        inputs = prepare(request)
        recorder = Recorder(request.model, _batch(inputs), request.layers)
        with switched(request.model, recorder):
            request.model(**inputs.arguments)
    if not recorder.layers:
        raise ValueError(
            f"{type(request.model).__name__} ran, but no attention came by: its attention layers, if it has any, do "
            "not use transformers' attention interface."
        )
    return _maps(recorder.layers, inputs, is_encoder_decoder(request.model))


def prepare(request: Request) -> Inputs:
    """Turn what the user gave into what the model takes, and refuse what it can't take."""
    model, tokenizer = request.model, request.tokenizer
    encoding: Any = request.inputs
    if request.text is not None:
        encoding = reading.encode(tokenizer, request.text, request.text_pair)
    arguments = reading.as_tensors(encoding, next(model.parameters()).device)
    inputs = reading.read_batch(arguments, request.batch_index)
    known = reading.accepted(model)
    if request.text is not None and "input_ids" in known:  # tokenizers may give more than the model reads
        for name in [name for name in arguments if name not in known]:
            del arguments[name]
    reading.check_inputs(model, inputs)
    if is_encoder_decoder(model):
        add_decoder_inputs(model, tokenizer, arguments, request.target)
        reading.check_inputs(model, inputs)
    elif request.target is not None:
        raise ValueError(f"target is for encoder-decoder models; {type(model).__name__} has no decoder of its own.")
    arguments.pop("labels", None)  # the model would compute a loss
    arguments.update({name: value for name, value in ECONOMIES.items() if name in known and name not in arguments})
    inputs.sides = {
        "main": reading.read_side(inputs, tokenizer, encoding),
        "decoder": reading.read_side(inputs, tokenizer, None, "decoder_"),
    }
    return inputs


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


def _batch(inputs: Inputs) -> Batch:
    unpadded = {name: (side.length, side.unpadded) for name, side in inputs.sides.items()}
    return Batch(inputs.batch_size, inputs.row, unpadded)  # type: ignore[arg-type]


def _maps(layers: Sequence[Layer], inputs: Inputs, two_sides: bool) -> list[MapParts]:
    """Gather layers to maps; layers of one kind that differ in size become maps of their own."""
    found: dict[tuple[str, int, int], list[Record]] = {}
    for layer in layers:
        size = layer.record.num_queries, layer.record.num_keys
        found.setdefault((layer.map_name, *size), []).append(layer.record)
    maps: list[MapParts] = []
    for (kind, num_queries, num_keys), records in found.items():
        names = [part.name for part in maps]
        same = sum(name.split()[0] == kind for name in names)
        queries, keys = (
            _side(inputs.sides.get(side), size)
            for side, size in zip(sides_of(kind, two_sides), (num_queries, num_keys), strict=True)
        )
        maps.append(MapParts(f"{kind} {same + 1}" if same else kind, tuple(records), queries, keys))
    return sorted(maps, key=lambda part: list(SIDES).index(part.name.split()[0]))


def _side(side: Side | None, size: int) -> Side:
    """Return a side's tokens, or plain numbers where positions are not its tokens."""
    if side is not None and len(side.tokens) == size:
        return side
    return Side(tuple(str(position) for position in range(size)))
