"""Inputs for any model, made from the names of what its forward method takes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers import PretrainedConfig

from zoo.every.quirks import INPUTS, NEEDS

LENGTH, TARGET = 14, 6
"""The numbers of tokens of a text, and of an encoder-decoder's target."""
WORDS = (5, 50)
"""The range of the ids of ordinary words."""


class Source:
    """What inputs are made from: a model, and the number of samples."""

    def __init__(self, model: Any, batch: int) -> None:
        self.model, self.batch = model, batch
        self.config = model.config
        self._seed = 0

    def get(self, *names: str, default: Any = None) -> Any:
        """Return the first setting with one of these names, in the config or else in its parts."""
        for name in names:
            for part in parts_of(self.config):
                value = getattr(part, name, None)
                if value is not None:
                    return value
        return default

    def ids(self, *shape: int, high: int | None = None) -> Tensor:
        """Return ids of ordinary words."""
        self._seed += 1
        vocabulary = high or WORDS[1]
        return torch.randint(
            min(WORDS[0], vocabulary - 1), vocabulary, shape, generator=torch.Generator().manual_seed(self._seed)
        )

    def noise(self, *shape: int) -> Tensor:
        """Return random numbers."""
        self._seed += 1
        return torch.randn(shape, generator=torch.Generator().manual_seed(self._seed))

    def ones(self, *shape: int) -> Tensor:
        """Return ones, such as a mask."""
        return torch.ones(shape, dtype=torch.long)

    def first(self, length: int, count: int) -> Tensor:
        """Return a mask of the first positions of each text."""
        return (torch.arange(length) < count).expand(self.batch, -1).clone()

    def with_images(self, count: int) -> Tensor:
        """Return ids of texts in which tokens stand for an image."""
        image = self.get("image_token_id", "image_token_index", "video_token_id", "video_token_index")
        ids = self.ids(self.batch, LENGTH)
        return torch.cat([ids[:, :4], torch.full((self.batch, count), int(image)), ids[:, 4:]], 1)

    def grid_positions(self, height: int, width: int) -> Tensor:
        """Return the column and row of each patch."""
        place = torch.arange(height * width)
        return torch.stack([place % width, place // width], -1).expand(self.batch, -1, -1).clone()

    def patches(self, pixels: str, grid: str) -> dict[str, Tensor]:
        """Return patches and grids under these names."""
        return dict(zip((pixels, grid), self.grid(), strict=True))

    def series(self) -> dict[str, Tensor]:
        """Return time series with their future."""
        past, future = self.config.context_length + max(self.config.lags_sequence), self.config.prediction_length
        return {
            "past_values": self.noise(self.batch, past),
            "past_time_features": self.noise(self.batch, past, 1),
            "past_observed_mask": torch.ones(self.batch, past),
            "future_values": self.noise(self.batch, future),
            "future_time_features": self.noise(self.batch, future, 1),
        }

    def flattened(self, count: int, width: int) -> Tensor:
        """Return patches that begin with their row and column."""
        return torch.cat([self.grid_positions(count // 4, 4).flip(-1) + 1.0, self.noise(self.batch, count, width)], -1)

    @property
    def size(self) -> tuple[int, int]:
        """The height and width of an image."""
        size = self.get("image_size", "img_size", "input_size", "pretrain_image_size", default=64)
        if isinstance(size, dict):
            size = (size.get("height", 32), size.get("width", 32))
        size = tuple(size) if isinstance(size, (list, tuple)) else (size, size)
        return (size[-2], size[-1]) if len(size) > 1 else (size[0], size[0])

    @property
    def channels(self) -> int:
        """The number of channels of an image."""
        found = self.get("num_channels", "in_channels", "in_chans", "input_channels", default=3)
        return found if isinstance(found, int) else 3

    @property
    def frames(self) -> int:
        """The number of frames of a video."""
        return int(self.get("num_frames", "frames_per_clip", default=4))

    def pixels(self) -> Tensor:
        """Return images."""
        return self.noise(self.batch, self.channels, *self.size)

    def grid(self) -> tuple[Tensor, Tensor]:
        """Return patches of images, and the grid of each image."""
        patch, time = self.get("patch_size", default=8), self.get("temporal_patch_size", default=1)
        merge = self.get("spatial_merge_size", default=2)
        merge = merge if isinstance(merge, int) else 2
        height = width = 3 * merge
        grid = torch.tensor([[1, height, width]]).expand(self.batch, -1).contiguous()
        return self.noise(self.batch * height * width, self.channels * time * patch * patch), grid


def parts_of(config: PretrainedConfig) -> list[PretrainedConfig]:
    """Return a config and its sub-configs, the outermost first."""
    parts = [config]
    for part in parts:
        parts += [value for value in vars(part).values() if isinstance(value, PretrainedConfig) and value not in parts]
    return parts


def _hidden(source: Source) -> int:
    return int(source.get("hidden_size", "d_model", "n_embd", "dim", "embed_dim", default=32))


def _boxes(source: Source) -> Tensor:
    corner = source.ids(source.batch, LENGTH, 4, high=10)
    corner[..., 2:] += corner[..., :2] + 1
    return corner


MAKERS: dict[str, Callable[[Source], Any]] = {
    "input_ids": lambda s: s.ids(s.batch, LENGTH),
    "decoder_input_ids": lambda s: s.ids(s.batch, TARGET),
    "attention_mask": lambda s: torch.ones(s.batch, LENGTH, dtype=torch.long),
    "inputs_embeds": lambda s: s.noise(s.batch, LENGTH, _hidden(s)),
    "decoder_inputs_embeds": lambda s: s.noise(s.batch, TARGET, _hidden(s)),
    "hidden_states": lambda s: s.noise(s.batch, LENGTH, _hidden(s)),
    "query_embeds": lambda s: s.noise(s.batch, 6, _hidden(s)),
    "context_hidden_states": lambda s: s.noise(s.batch, LENGTH, _hidden(s)),
    "encoder_hidden_states": lambda s: s.noise(
        s.batch, LENGTH + 2, s.get("encoder_hidden_size", "cross_hidden_size", "hidden_size", "d_model", default=32)
    ),
    "token_type_ids": lambda s: torch.zeros(s.batch, LENGTH, dtype=torch.long),
    "pixel_values": lambda s: s.pixels(),
    "high_res_pixel_values": lambda s: s.noise(s.batch, s.channels, 32, 32),
    "prompt_pixel_values": lambda s: s.pixels(),
    "prompt_masks": lambda s: s.pixels(),
    "pixel_mask": lambda s: torch.ones(s.batch, *s.size, dtype=torch.long),
    "pixel_values_videos": lambda s: s.noise(s.batch, s.frames, s.channels, *s.size),
    "image_sizes": lambda s: torch.tensor([list(s.size)] * s.batch),
    "bbox": _boxes,
    "input_features": lambda s: s.noise(
        s.batch, s.get("num_mel_bins", "n_mels", "mel_bins", default=16), 2 * s.get("max_source_positions", default=20)
    ),
    "input_features_mask": lambda s: torch.ones(s.batch, 40, dtype=torch.long),
    "input_values": lambda s: s.noise(s.batch, 800),
    "padding_mask": lambda s: torch.ones(s.batch, 1, 800, dtype=torch.bool),
    "decoder_input_values": lambda s: s.noise(s.batch, TARGET, s.get("num_mel_bins", default=16)),
    "past_values": lambda s: s.noise(
        s.batch, int(s.get("context_length", default=32)), int(s.get("num_input_channels", "input_size", default=1))
    ),
    "past_time_features": lambda s: s.noise(s.batch, 32, 1),
    "past_observed_mask": lambda s: torch.ones(s.batch, 32),
    "image_grid_thw": lambda s: s.grid()[1],
    "grid_thw": lambda s: s.grid()[1],
    "input_points": lambda s: s.noise(s.batch, 1, 2, 2).abs() * 10,
    "input_labels": lambda s: torch.ones(s.batch, 1, 2, dtype=torch.long),
    "visual_feats": lambda s: s.noise(s.batch, 5, s.get("visual_feat_dim", default=32)),
    "visual_pos": lambda s: s.noise(s.batch, 5, 4).sigmoid(),
    "visual_embeds": lambda s: s.noise(s.batch, 5, s.get("visual_embedding_dim", default=32)),
    "visual_attention_mask": lambda s: torch.ones(s.batch, 5, dtype=torch.long),
    "speaker_embeddings": lambda s: s.noise(s.batch, s.get("speaker_embedding_dim", default=32)),
    "qformer_input_ids": lambda s: s.ids(s.batch, 5),
    "task_inputs": lambda s: s.ids(s.batch, s.get("task_seq_len", default=8)),
    "audio_codes": lambda s: s.ids(s.batch, s.get("num_codebooks", "num_quantizers", default=4), 10),
    "spatial_shapes": lambda s: torch.tensor([[4, 4]] * s.batch),
    "pixel_attention_mask": lambda s: torch.ones(s.batch, 16, dtype=torch.long),
    "target_sizes": lambda s: torch.tensor([[4, 4]] * s.batch),
    "future_values": lambda s: s.noise(s.batch, int(s.get("prediction_length", default=8)), 1),
    "flattened_patches": lambda s: torch.cat(
        [torch.arange(12).view(1, 12, 1).expand(s.batch, -1, 2).float() % 4, s.noise(s.batch, 12, 192)], -1
    ),
    "latents": lambda s: s.noise(s.batch, LENGTH, _hidden(s)),
    "inputs": lambda s: s.ids(s.batch, LENGTH),
}


@dataclass(frozen=True)
class Recipe:
    """Which inputs a model runs with, besides the least, and in which shapes."""

    extra: tuple[str, ...] = ()
    shapes: tuple[tuple[str, int], ...] = ()
    without: tuple[str, ...] = ()


EXTRA: tuple[tuple[str, ...], ...] = (
    ("pixel_values",),
    ("bbox",),
    ("input_features",),
    ("decoder_input_ids",),
    ("visual_feats", "visual_pos"),
    ("encoder_hidden_states",),
    ("inputs_embeds",),
    ("pixel_values", "bbox"),
    ("pixel_values", "image_sizes"),
    ("pixel_values", "qformer_input_ids"),
    ("pixel_values", "decoder_input_ids"),
    ("pixel_attention_mask", "spatial_shapes"),
    ("pixel_values", "pixel_attention_mask", "spatial_shapes"),
    ("input_features_mask",),
    ("input_features", "input_features_mask"),
    ("input_values",),
    ("input_values", "decoder_input_ids"),
    ("future_values",),
    ("decoder_inputs_embeds",),
    ("flattened_patches",),
    ("target_sizes",),
    ("image_position_ids",),
    ("padding_mask",),
    ("attention_mask",),
    ("visual_embeds", "visual_attention_mask"),
)
"""Inputs that are tried where the least ones aren't enough."""

SHAPES: dict[str, tuple[Callable[[Source], Any], ...]] = {
    "pixel_values": (
        lambda s: s.noise(s.batch, s.frames, s.channels, *s.size),
        lambda s: s.noise(s.batch, s.channels, 64, 64),
        lambda s: s.noise(s.batch, 2, s.channels, *s.size),
        lambda s: s.noise(s.batch, s.channels, 128, 128),
        lambda s: s.noise(s.batch, s.channels, 224, 224),
    ),
    "input_features": (
        lambda s: s.noise(
            s.batch,
            40,
            s.get("num_mel_bins", "n_mels", "mel_bins", "feature_size", "input_feat_size", "input_dim", default=16),
        ),
        lambda s: s.noise(s.batch, 40, s.get("feature_projection_input_dim", "input_dim", default=160)),
        lambda s: s.noise(s.batch, 48, 80),
        lambda s: s.noise(s.batch, 48, 128),
        lambda s: s.noise(s.batch, s.get("num_mel_bins", default=16), 48),
    ),
    "input_values": (
        lambda s: s.noise(s.batch, 1, 800),
        lambda s: s.noise(s.batch, s.get("max_length", default=64), s.get("num_mel_bins", default=16)),
        lambda s: s.noise(s.batch, 1, 4000),
        lambda s: s.noise(s.batch, 4000),
        lambda s: s.ids(s.batch, LENGTH),
    ),
    "input_ids": (
        lambda s: s.ids(s.batch, LENGTH, s.get("num_codebooks", "num_quantizers", "num_channels", default=4)),
        lambda s: s.ids(s.batch, s.get("num_codebooks", "num_quantizers", default=4), LENGTH),
        lambda s: s.ids(s.batch * s.get("num_codebooks", "num_quantizers", default=4), LENGTH),
    ),
    "hidden_states": (
        lambda s: s.pixels(),
        lambda s: s.noise(s.batch, 16, _hidden(s)),
    ),
}
"""Other shapes of an input."""


def parameters_of(model: Any) -> dict[str, inspect.Parameter]:
    """Return the parameters of a model's forward method."""
    return dict(inspect.signature(type(model).forward).parameters)


def inputs_of(model: Any, batch: int = 1, recipe: Recipe | None = None) -> dict[str, Any]:
    """Return inputs made by a recipe; by default the least that a model should run with.

    Raises
    ------
    KeyError
        There is no rule for one of its parameters.
    """
    recipe = recipe or Recipe()
    source, parameters = Source(model, batch), parameters_of(model)
    name, kind = type(model).__name__, model.config.model_type
    special = INPUTS.get(name) or INPUTS.get(kind)
    if special is not None:
        return dict(special(source))
    needed = [
        key
        for key, one in parameters.items()
        if key != "self" and one.default is inspect.Parameter.empty and one.kind is one.POSITIONAL_OR_KEYWORD
    ]
    main = getattr(model, "main_input_name", "input_ids")
    for key in main if isinstance(main, list) else [main]:
        if key in parameters and key not in needed:
            needed.insert(0, key)
    for key in ("input_ids", "decoder_input_ids", *NEEDS.get(name, NEEDS.get(kind, ()))):
        if key in parameters and key not in needed and _wanted(key, model, needed):
            needed.append(key)
    needed = [key for key in needed if key not in recipe.without]
    needed += [key for key in recipe.extra if key not in needed]
    makers = MAKERS | {key: SHAPES[key][place] for key, place in recipe.shapes if key in SHAPES}
    found = {key: makers[key](source) for key in needed}
    if "input_features_mask" in found and "input_features" in found:
        mels = source.get("num_mel_bins", "n_mels", "mel_bins", "feature_size", default=16)
        frames = next(
            size
            for size in found["input_features"].shape[:0:-1]
            if size != mels or size == found["input_features"].shape[1]
        )
        found["input_features_mask"] = source.ones(batch, frames)
    if "grid_thw" in found or "image_grid_thw" in found:
        patches, grid = source.grid()
        first = next((key for key in ("pixel_values", "hidden_states") if key in found), None)
        if first:
            found[first] = patches
        found["grid_thw" if "grid_thw" in found else "image_grid_thw"] = grid
    return found


def recipes(model: Any) -> Iterator[Recipe]:
    """Return recipes for inputs, from the simplest to those of few models."""
    parameters = parameters_of(model)
    yield Recipe()
    extras = [extra for extra in EXTRA if all(key in parameters for key in extra)]
    shaped: list[tuple[tuple[str, int], ...]] = [()]
    for key, others in SHAPES.items():
        if key in parameters:
            shaped += [((key, place),) for place in range(len(others))]
    for shapes in shaped:
        for extra in [(), *extras]:
            yield Recipe(extra, shapes)
            if "input_ids" in parameters and ("inputs_embeds" in extra or "encoder_outputs" in extra):
                yield Recipe(extra, shapes, ("input_ids",))


def _wanted(key: str, model: Any, needed: list[str]) -> bool:
    if key == "decoder_input_ids":
        return bool(model.config.is_encoder_decoder) or not needed
    if key == "input_ids":
        return hasattr(model, "get_text_features") and "pixel_values" in needed
    return True
