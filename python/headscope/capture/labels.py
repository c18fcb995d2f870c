"""Which attention map a module belongs to, told from its place in the model."""

from __future__ import annotations

import re
from typing import Any, Literal

Side = Literal["main", "decoder", "other"]
"""Whose positions an axis has: the text's, the decoder's, or those of something that is no text."""

SIDES: dict[str, tuple[Side, Side]] = {
    "self": ("main", "main"),
    "encoder": ("main", "main"),
    "decoder": ("decoder", "decoder"),
    "cross": ("decoder", "main"),
}
"""The sides of queries and keys for each map of a model that has both an encoder and a decoder, in order of showing."""

CROSS_NAMES = re.compile(r"cross|encoder_attn|encdec|enc_dec", re.IGNORECASE)


def is_encoder_decoder(model: Any) -> bool:
    """Whether a model has both an encoder and a decoder."""
    return bool(getattr(getattr(model, "config", None), "is_encoder_decoder", False))


def map_of(module: Any, name: str, two_sides: bool) -> str:
    """Return the name of the attention map that a module belongs to.

    Parameters
    ----------
    module
        The attention module.
    name
        Its name in the model, such as `"decoder.block.0.layer.1.EncDecAttention"`.
    two_sides
        Whether the model has an encoder and a decoder.
    """
    if is_cross(module, name):
        return "cross"
    if not two_sides:
        return "self"
    side = next((part for part in name.split(".") if part in ("encoder", "decoder")), None)
    return side or "self"


def is_cross(module: Any, name: str) -> bool:
    """Whether a module's keys come from elsewhere than its queries."""
    return bool(getattr(module, "is_cross_attention", False)) or bool(CROSS_NAMES.search(name))


def sides_of(map_name: str, two_sides: bool) -> tuple[Side, Side]:
    """Return whose positions the queries and the keys of a map are."""
    if map_name == "cross" and not two_sides:
        return "main", "other"
    return SIDES[map_name]
