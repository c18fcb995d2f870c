"""Assign each attention module to an attention map, by its name in the model."""

from __future__ import annotations

import re
from collections import Counter
from itertools import accumulate
from typing import Any, Literal

import torch

from headscope.tracing.hooks.calls import Origin
from headscope.tracing.hooks.modules import Modules, num_streams
from headscope.tracing.inner_model import config_of

SideName = Literal["main", "decoder", "stream", "vision", "audio", "other", "object", "latent", "query", "prompt"]
"""The sequence that an axis counts: the text, the decoder's text, a stream that predicts words of either, an image or
sound beside a text, objects in an image, a model's own latents or queries, the prompts of a segmenter, or anything
else."""

SIDES: dict[str, tuple[SideName, SideName]] = {
    "self": ("main", "main"),
    "text": ("main", "main"),
    "encoder": ("main", "main"),
    "decoder": ("decoder", "decoder"),
    "cross": ("decoder", "main"),
    "query-stream": ("main", "main"),
    "stream": ("stream", "stream"),
    "output": ("query", "latent"),
    "object": ("object", "object"),
    "text-to-object": ("main", "object"),
    "object-to-text": ("object", "main"),
    "text-to-image": ("main", "vision"),
    "image-to-text": ("vision", "main"),
    "prompt": ("prompt", "prompt"),
    "prompt-to-image": ("prompt", "vision"),
    "image-to-prompt": ("vision", "prompt"),
    "vision": ("vision", "vision"),
    "audio": ("audio", "audio"),
    "resampler": ("other", "other"),
    "other": ("other", "other"),
}
"""The sides of queries and keys for each map, in the order in which the views list the maps."""

TOWERS = {
    "resampler": re.compile(r"resampler|perceiver|q_?former|connector"),
    "vision": re.compile(r"vision|visual|image|pixel"),
    "audio": re.compile(r"audio|speech|sound"),
}
"""The names of towers in models with several of them; the text tower is missing."""
TEXT = re.compile(r"(?<!con)text|language|llm")
CROSS_NAMES = re.compile(r"cross(?!_modal)|encoder_attn|encdec|enc_dec|encoder_decoder_att", re.IGNORECASE)
ATTENDS = re.compile(r"attn|attention|^att$|_att$")
"""The names of attention modules, which are no towers: `cross_attn_token_to_image` is in none."""

PARTS = (
    (re.compile(r"(token|prompt)s?_to_image"), "prompt-to-image"),
    (re.compile(r"image_to_(token|prompt)"), "image-to-prompt"),
    (re.compile(r"cross_modal_text\w*\..*cross_?att"), "text-to-image"),
    (re.compile(r"cross_modal_image\w*\..*cross_?att"), "image-to-text"),
    (re.compile(r"mask_decoder\..*self_attn"), "prompt"),
)
"""Modules whose names say what they attend from and to, in any model."""

FAMILIES: dict[str, tuple[tuple[re.Pattern[str], tuple[str, ...]], ...]] = {
    "lxmert": (
        (re.compile(r"visual_attention"), ("text-to-object", "object-to-text")),
        (re.compile(r"r_layers|visn"), ("object",)),
        (re.compile(r""), ("text",)),
    ),
    "perceiver": ((re.compile(r"decod\w*cross_attention"), ("output",)),),
}
"""The maps of model types that name their modules in their own way; several maps take the calls in turn."""

STREAMS = {"xlnet": "query-stream"}
"""The map of the second call of one run of a module, in model types whose modules attend for a second stream."""

SIDES_OF_TYPES: dict[str, dict[str, tuple[SideName, SideName]]] = {
    "perceiver": {"self": ("latent", "latent"), "cross": ("latent", "main")},
}


def is_encoder_decoder(model: Any) -> bool:
    """Return whether a model has both an encoder and a decoder."""
    return bool(getattr(config_of(model), "is_encoder_decoder", False))


def _has_both_sides(modules: Modules) -> bool:
    """Return whether a plain module has parts named encoder and decoder, or is a decoder of torch's own."""
    if config_of(modules.model) is not None:
        return False
    parts = {part for name in modules.attending for part in name.split(".")}
    own = torch.nn.TransformerDecoder, torch.nn.TransformerDecoderLayer
    return {"encoder", "decoder"} <= parts or isinstance(modules.model, own)


class Labeller:
    """Assigns the attention modules of a model to attention maps."""

    def __init__(self, modules: Modules) -> None:
        self.two_sides = is_encoder_decoder(modules.model) or _has_both_sides(modules)
        self._type = str(getattr(config_of(modules.model), "model_type", ""))
        self.crosses = any(is_cross(module, name) for name, module in modules.attending.items())
        """Whether any module attends across sequences; an encoder-decoder without one joins both texts' keys."""
        towers = {name: _tower(name) for name in modules.attending}
        self._decodes = isinstance(modules.model, (torch.nn.TransformerDecoder, torch.nn.TransformerDecoderLayer))
        self._several = len({kind for kind, _ in towers.values()}) > 1
        self._text_is_named = any(kind is None and TEXT.search(name) for name, (kind, _) in towers.items())
        self.towers = {root for _, root in towers.values() if root is not None} if self._several else set()
        """The names of the towers, if there are several or a text beside one."""
        layers = (
            name for name, module in modules.named.items() if isinstance(module, torch.nn.TransformerDecoderLayer)
        )
        self._of_memory = {f"{name}.multihead_attn".lstrip(".") for name in layers}
        """The attention to the encoder in torch's own decoders, whose names do not tell."""

    def map_of(self, module: Any, name: str, turn: int = 0, origins: tuple[Origin, Origin] = ((), ())) -> str:
        """Return the name of the attention map that a module belongs to.

        Parameters
        ----------
        module
            The attention module.
        name
            Its name in the model, such as `"decoder.block.0.layer.1.EncDecAttention"`.
        turn
            The number of its earlier calls in the same run of its layer; 0 by default.
        origins
            The arguments whose positions queries and keys have, in a plain module; empty (default) if unknown.
        """
        for pattern, maps in FAMILIES.get(self._type, ()):
            if pattern.search(name):
                return maps[turn % len(maps)]
        part = next((part for pattern, part in PARTS if pattern.search(name)), None)
        if part is not None:
            return part
        tower = _tower(name)[0] if self._several else None
        if tower is not None:
            return tower
        across = all(origins) and not set(origins[0]) & set(origins[1])
        if across or is_cross(module, name) or name in self._of_memory:
            return "cross"
        if self.two_sides:
            sides = (side for part in name.split(".") for side in ("encoder", "decoder") if part.endswith(side))
            return next(sides, "decoder" if self._decodes else "self")
        if not self._several:
            return "self"
        return "other" if self._text_is_named and not TEXT.search(name) else "text"

    def stream_of(self, module: torch.nn.Module, map_name: str, number: int) -> tuple[str, int]:
        """Return the map of one of several calls of a module in one run, and its number among those of this name."""
        stream = "stream" if num_streams(module) else STREAMS.get(self._type)
        return (map_name, number) if stream is None or not number else (stream, number - 1)

    def root_of(self, name: str) -> str | None:
        """Return the name of the tower that holds a module, such as `"model.vision_tower"`; None outside of towers."""
        return _tower(name)[1] if self._several else None

    def sides_of(self, map_name: str) -> tuple[SideName, SideName]:
        """Return the sides of a map's queries and keys."""
        of_type = SIDES_OF_TYPES.get(self._type, {})
        if map_name in of_type:
            return of_type[map_name]
        if map_name == "cross" and not self.two_sides:
            return "main", "other"
        return SIDES[map_name]


def most_modules(modules: Modules) -> int:
    """Return the number of attention modules in the largest map; of nested modules only the innermost counts."""
    labels, attending = Labeller(modules), modules.attending
    around = {part for name in attending for part in accumulate(name.split(".")[:-1], "{}.{}".format)}
    inner = {name: module for name, module in attending.items() if name not in around}
    maps = Counter((labels.map_of(module, name), labels.root_of(name)) for name, module in inner.items())
    return max(maps.values(), default=0)


def _tower(name: str) -> tuple[str, str] | tuple[None, None]:
    """Return the kind and the name of a module's tower; None for the text."""
    parts = name.split(".")
    for place, part in enumerate(parts):
        if ATTENDS.search(part):
            continue
        for kind, words in TOWERS.items():
            if words.search(part):
                return kind, ".".join(parts[: place + 1])
    return None, None


def is_cross(module: Any, name: str) -> bool:
    """Return whether a module attends across sequences: its keys come from another one than its queries."""
    return bool(getattr(module, "is_cross_attention", False)) or bool(CROSS_NAMES.search(name))
