"""Texts with an image in them, for the models whose config names the token that stands for it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from zoo.every.inputs import TARGET, Source, parameters_of

LONG = 14
"""The number of words around an image."""
COUNT = re.compile(r"features[^\d]{1,12}(\d+)|(?:!=|vs\.?|,) ?(?:features)?:? ?(\d+)")


def with_image(model: Any, batch: int) -> Iterator[dict[str, Any]]:
    """Yield inputs of texts with an image, of the forms that models of this kind take; the first that runs is right."""
    parameters, source = parameters_of(model), Source(model, batch)
    token = source.get("image_token_id", "image_token_index")
    if token is None or "pixel_values" not in parameters or "input_ids" not in parameters or not _encoder(model):
        return
    for images in _forms(source, parameters):
        for count in _counts(model, images, batch):
            ids = source.ids(batch, LONG)
            ids = torch.cat([ids[:, :4], torch.full((batch, count), int(token)), ids[:, 4:]], 1)
            inputs = {"input_ids": ids, **images, "attention_mask": torch.ones_like(ids)}
            if "decoder_input_ids" in parameters and model.config.is_encoder_decoder:
                inputs["decoder_input_ids"] = source.ids(batch, TARGET)
            for name in ("mm_token_type_ids", "token_type_ids"):
                if name in parameters:
                    inputs[name] = (ids == token).long()
            yield inputs


def _encoder(model: Any) -> Any:
    owner = next((part for part in (model, getattr(model, "model", None)) if hasattr(part, "get_image_features")), None)
    return None if owner is None else owner.get_image_features


def _forms(source: Source, parameters: dict[str, Any]) -> Iterator[dict[str, Tensor]]:
    height, width = source.size
    sizes = {"image_sizes": torch.tensor([[height, width]] * source.batch)}
    if "image_grid_thw" in parameters:
        pixels, grid = source.grid()
        yield {"pixel_values": pixels, "image_grid_thw": grid}
    pixels = source.pixels()
    for shaped in (pixels, pixels[:, None], torch.stack([pixels, pixels], 1)):
        yield {"pixel_values": shaped}
        if "image_sizes" in parameters:
            yield {"pixel_values": shaped, **sizes}
    patch = source.get("patch_size", default=8)
    flat = source.noise(source.batch, 16, source.channels * patch**2)
    if "spatial_shapes" in parameters:
        grid = torch.tensor([[4, 4]] * source.batch)
        yield {"pixel_values": flat, "spatial_shapes": grid, "pixel_attention_mask": source.ones(source.batch, 16)}
    if "image_position_ids" in parameters:
        yield {"pixel_values": flat, "image_position_ids": source.grid_positions(4, 4)}


def _counts(model: Any, images: dict[str, Tensor], batch: int) -> Iterator[int]:
    """Yield the numbers of tokens for each image: what its encoder returns, or what an error says."""
    encode = _encoder(model)
    accepted = inspect.signature(encode).parameters
    torch.manual_seed(0)
    try:
        with torch.no_grad():
            found = encode(**{name: value for name, value in images.items() if name in accepted})
    except Exception:
        return
    found = getattr(found, "pooler_output", None) if hasattr(found, "pooler_output") else found
    tensors = [found] if isinstance(found, Tensor) else [one for one in found or () if isinstance(one, Tensor)]
    count = sum(one.numel() // one.shape[-1] for one in tensors)
    if count and count % batch == 0:
        yield count // batch
