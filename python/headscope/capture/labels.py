"""Which attention map a module belongs to, told from its place in the model."""

from __future__ import annotations

import re
from collections import Counter
from itertools import accumulate
from typing import Any, Literal

from headscope.capture.modules import Modules

Side = Literal["main", "decoder", "vision", "audio", "other"]
"""Whose positions an axis has: the text's, the decoder's, an image's or a sound's beside a text, or anything else's."""

SIDES: dict[str, tuple[Side, Side]] = {
    "self": ("main", "main"),
    "text": ("main", "main"),
    "encoder": ("main", "main"),
    "decoder": ("decoder", "decoder"),
    "cross": ("decoder", "main"),
    "vision": ("vision", "vision"),
    "audio": ("audio", "audio"),
    "resampler": ("other", "other"),
    "other": ("other", "other"),
}
"""The sides of queries and keys for each map, in order of showing."""

TOWERS = {
    "resampler": re.compile(r"resampler|perceiver|q_?former|connector"),
    "vision": re.compile(r"vision|visual|image|pixel"),
    "audio": re.compile(r"audio|speech|sound"),
}
"""What the parts of a model with several towers are called, the text's left out."""
TEXT = re.compile(r"(?<!con)text|language|llm")
CROSS_NAMES = re.compile(r"cross|encoder_attn|encdec|enc_dec", re.IGNORECASE)


def is_encoder_decoder(model: Any) -> bool:
    """Whether a model has both an encoder and a decoder."""
    return bool(getattr(getattr(model, "config", None), "is_encoder_decoder", False))


class Labeller:
    """Names the attention map of each module of a model."""

    def __init__(self, modules: Modules) -> None:
        self.two_sides = is_encoder_decoder(modules.model)
        towers = {name: _tower(name) for name in modules.attending}
        self._several = len({kind for kind, _ in towers.values()}) > 1
        self._text_is_named = any(kind is None and TEXT.search(name) for name, (kind, _) in towers.items())
        self.towers = {root for _, root in towers.values() if root is not None} if self._several else set()
        """The names of the towers, where there are several of them or a text beside."""

    def map_of(self, module: Any, name: str) -> str:
        """Return the name of the attention map that a module belongs to.

        Parameters
        ----------
        module
            The attention module.
        name
            Its name in the model, such as `"decoder.block.0.layer.1.EncDecAttention"`.
        """
        tower = _tower(name)[0] if self._several else None
        if tower is not None:
            return tower
        if is_cross(module, name):
            return "cross"
        if self.two_sides:
            sides = (side for part in name.split(".") for side in ("encoder", "decoder") if part.endswith(side))
            return next(sides, "self")
        if not self._several:
            return "self"
        return "other" if self._text_is_named and not TEXT.search(name) else "text"

    def root_of(self, name: str) -> str | None:
        """Return the name of the tower that a module is in, such as `"model.vision_tower"`; None outside of towers."""
        return _tower(name)[1] if self._several else None

    def sides_of(self, map_name: str) -> tuple[Side, Side]:
        """Return whose positions the queries and the keys of a map are."""
        if map_name == "cross" and not self.two_sides:
            return "main", "other"
        return SIDES[map_name]


def most_modules(modules: Modules) -> int:
    """Return how many attention modules the map with most of them has; of several inside each other, the innermost."""
    labels, attending = Labeller(modules), modules.attending
    around = {part for name in attending for part in accumulate(name.split(".")[:-1], "{}.{}".format)}
    inner = {name: module for name, module in attending.items() if name not in around}
    maps = Counter((labels.map_of(module, name), labels.root_of(name)) for name, module in inner.items())
    return max(maps.values(), default=0)


def _tower(name: str) -> tuple[str, str] | tuple[None, None]:
    """Return the kind of a module's tower, and the tower's own name; None for the text's."""
    parts = name.split(".")
    for place, part in enumerate(parts):
        for kind, words in TOWERS.items():
            if words.search(part):
                return kind, ".".join(parts[: place + 1])
    return None, None


def is_cross(module: Any, name: str) -> bool:
    """Whether a module's keys come from elsewhere than its queries."""
    return bool(getattr(module, "is_cross_attention", False)) or bool(CROSS_NAMES.search(name))
