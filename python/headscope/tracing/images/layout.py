"""Sequences that a model puts together: the words of a text beside patches, objects, entities or virtual tokens.

What the model joins is observed (`headscope.tracing.hooks.joins`); its arguments and its config say what each part is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from headscope.tracing.hooks.joins import Joined, Joins
from headscope.tracing.hooks.modules import num_streams
from headscope.tracing.images.patches import name_patches, setting
from headscope.tracing.images.streams import stream_names
from headscope.tracing.inner_model import config_of
from headscope.tracing.inputs.caches import CachedKeys
from headscope.tracing.inputs.sides import Side

DEPTH = 4
"""The most joins within each other, as of a class token, patches and words."""

UNKNOWN = ("position ", "learned ")
"""How the names of positions of unknown meaning begin."""

ARGUMENTS = {
    "visual_embeds": ("object", "visual_attention_mask"),
    "visual_feats": ("object", "visual_attention_mask"),
    "entity_ids": ("entity", "entity_attention_mask"),
}
"""What the positions of an argument are, and the argument that says which of them are padding."""

SETTINGS = {
    "prompt_length": "prompt",
    "num_latents": "latent",
    "resampler_n_latents": "latent",
    "n_latents": "latent",
    "num_query_tokens": "query",
    "num_queries": "query",
    "query_length": "query",
    "num_register_tokens": "register",
}
"""Settings of configs that count the positions of one kind."""

TEXT = frozenset(
    f"{prefix}{name}"
    for prefix in ("", "decoder_")
    for name in ("input_ids", "inputs_embeds", "attention_mask", "token_type_ids", "position_ids", "head_mask")
)
"""Arguments that describe a text alone."""

IMAGE_FIRST = ("flava", "git")
"""Model types whose image stands before the words, where only its size could tell."""


@dataclass(frozen=True)
class Part:
    """One part of a joined sequence."""

    tokens: tuple[str, ...]
    special: tuple[int, ...] = ()
    kept: tuple[int, ...] | None = None
    """The positions that are not padding; None for all."""
    side: str | None = None
    """`"main"` or `"decoder"` if the part is that text."""


@dataclass(frozen=True)
class Layout:
    """The parts of a joined sequence, in order."""

    parts: tuple[Part, ...]

    @property
    def kept(self) -> Tensor | None:
        """The positions that are not padding, int64; None for all."""
        if all(part.kept is None for part in self.parts):
            return None
        found: list[int] = []
        start = 0
        for part in self.parts:
            found += (start + place for place in (range(len(part.tokens)) if part.kept is None else part.kept))
            start += len(part.tokens)
        return torch.tensor(found)


@dataclass(frozen=True)
class Layouts:
    """Finds the layout of the sequences of one pass."""

    arguments: Mapping[str, Any]
    model: Any
    sides: Mapping[str, Side]
    row: int = 0
    keep_padding: bool = False
    cached: CachedKeys | None = None
    """The keys that come from a cache; None without one."""
    _found: dict[tuple[int, str], Layout | None] = field(default_factory=dict)

    @property
    def reads_more_than_a_text(self) -> bool:
        """Whether the arguments hold anything that has positions beside those of a text."""
        return any(isinstance(value, Tensor) and name not in TEXT for name, value in self.arguments.items())

    def find(self, size: int, joins: Joins, own: str) -> Layout | None:
        """Return the layout of a sequence of `size` positions that holds a text; None if no such sequence was joined.

        Parameters
        ----------
        size
            The number of positions.
        joins
            What the model has joined.
        own
            The text that comes first where both the text and the decoder's would fit: `"main"` or `"decoder"`.
        """
        key = size, own
        if self._found.get(key) is None:
            self._found[key] = self._look(size, joins, own)
        return self._found[key]

    def _look(self, size: int, joins: Joins, own: str) -> Layout | None:
        cached = self._after_cached(size, own)
        if cached is not None:
            return cached
        for joined in joins.of(size):
            texts = [own, *(name for name in ("main", "decoder") if name != own)]
            parts = self._streams(joined, texts) or self._parts(joined, joins, texts, DEPTH)
            if any(part.side is not None for part in parts) and len(parts) > 1:
                return Layout(tuple(parts))
        return None

    def _after_cached(self, size: int, own: str) -> Layout | None:
        """Return the layout of keys that begin with those of a cache; None for any others."""
        side = self.sides.get(own)
        if self.cached is None or side is None or not side.length:
            return None
        places = self.cached.positions(size, side.length)
        if places is None:
            return None
        past = self.cached.past
        mask = self.arguments.get("decoder_attention_mask" if own == "decoder" else "attention_mask")
        shown = None
        if isinstance(mask, Tensor) and mask.dim() == 2 and mask.shape[1] == past + side.length:
            shown = self._shown(mask[:, places.start : past])
        before = Part(tuple(f"past {place}" for place in range(places.start, past)), (), shown)
        room = Part(("empty",) * (size - len(places)), (), None if self.keep_padding else ())
        return Layout(tuple(part for part in (before, _of_text(side, own), room) if part.tokens))

    def _parts(self, joined: Sequence[Joined], joins: Joins, texts: list[str], depth: int) -> list[Part]:
        """Return the parts of a join; texts that were found are taken out of `texts`."""
        backward = str(setting(self.model, "model_type")) in IMAGE_FIRST
        found: dict[int, list[Part]] = {}
        for place in sorted(range(len(joined)), reverse=backward):
            found[place] = self._part(joined[place], joins, texts, depth)
        return [part for place in range(len(joined)) for part in found[place]]

    def _part(self, one: Joined, joins: Joins, texts: list[str], depth: int) -> list[Part]:
        for name in texts:
            side = self.sides.get(name)
            if side is not None and side.length == one.size and not one.learned:
                texts.remove(name)
                return [_of_text(side, name)]
        named = next(self._names(one, joins), None)
        if named is not None:
            return [named]
        for joined in joins.of(one.size) if depth else ():
            left = list(texts)
            parts = self._parts(joined, joins, left, depth - 1)
            if left != texts or not any(part.tokens[0].startswith(UNKNOWN[0]) for part in parts):
                texts[:] = left
                return parts
        what = "learned" if one.learned else "position"
        return [_numbered(what, one.size)]

    def named(self, size: int, joins: Joins) -> Layout | None:
        """Return the layout of a sequence without a text, such as patches and latents, if each part is known."""
        for joined in joins.of(size):
            parts = self._parts(joined, joins, [], DEPTH)
            if not any(part.tokens[0].startswith(UNKNOWN) for part in parts):
                return Layout(tuple(parts))
        return None

    def _streams(self, joined: Sequence[Joined], texts: Sequence[str]) -> list[Part] | None:
        """Return a text and the streams that predict it, all of one length; None if the model has none."""
        sizes = {one.size for one in joined}
        name = next((name for name in texts if name in self.sides and {self.sides[name].length} == sizes), None)
        if name is None or not any(map(num_streams, self.model.modules())):
            return None
        text = _of_text(self.sides[name], name)
        names = (stream_names(number, len(text.tokens)) for number in range(len(joined) - 1))
        return [text, *(Part(tokens, (), text.kept) for tokens in names)]

    def _names(self, one: Joined, joins: Joins) -> Iterator[Part]:
        """Yield what a part that is no text can be."""
        for argument, (kind, mask) in ARGUMENTS.items():
            given = self.arguments.get(argument)
            if isinstance(given, Tensor) and given.dim() > 1 and given.shape[1] == one.size:
                yield _numbered(kind, one.size, self._shown(self.arguments.get(mask)))
        if one.learned and one.size == 1:
            yield Part(("[CLS]",), (0,))
        what = counted(self.model, one.size)
        if what is not None:
            yield _numbered(what, one.size)
        if not one.learned:
            yield from self._patches(one.size, joins)

    def _shown(self, mask: Any) -> tuple[int, ...] | None:
        if self.keep_padding or not isinstance(mask, Tensor) or mask.dim() != 2:
            return None
        row = mask[self.row if len(mask) > 1 else 0]
        return None if bool(row.all()) else tuple(row.nonzero()[:, 0].tolist())

    def _patches(self, size: int, joins: Joins) -> Iterator[Part]:
        for first in (0, 1):  # a class token may come before the patches
            picked = joins.picked(size - first)
            named = None if picked is None else name_patches(picked.total, self.arguments, self.model)
            if picked is None or named is None or named[1]:
                continue
            places = picked.positions[min(self.row, len(picked.positions) - 1)].tolist()
            names = ["image [CLS]"] * first + [patch_name(named[0][place]) for place in places]
            shown = self._shown_pixels(picked.total)
            seen = [True] * first + [shown is None or shown[place] for place in places]
            kept = None if all(seen) else tuple(at for at, one in enumerate(seen) if one)
            yield Part(tuple(names), tuple(range(first)), kept)
        named = name_patches(size, self.arguments, self.model)
        if named is not None:
            yield Part(tuple(patch_name(name) for name in named[0]), named[1])

    def _shown_pixels(self, total: int) -> Sequence[bool] | None:
        """Return which patches of an image are not padding, by the mask of its pixels; None for all."""
        mask, pixels = (self.arguments.get(name) for name in ("pixel_mask", "pixel_values"))
        patch = setting(self.model, "patch_size")
        if self.keep_padding or not isinstance(mask, Tensor) or mask.dim() != 3 or not isinstance(pixels, Tensor):
            return None
        if not isinstance(patch, int) or bool(mask[self.row].all()):
            return None
        size = pixels.shape[-2] // patch, pixels.shape[-1] // patch
        shown = torch.nn.functional.interpolate(mask[self.row][None, None].float(), size=size).flatten() > 0
        return [bool(one) for one in shown.tolist()] if len(shown) == total else None


def patch_name(name: str) -> str:
    """Return the name of a patch beside words: `patch 0,1`; a class token is `image [CLS]`."""
    if name.startswith("["):
        return f"image {name}"
    return name if name[0].isalpha() else f"patch {name}"


def counted(model: Any, size: int) -> str | None:
    """Return what `size` positions are that a config counts, such as `"latent"`; None if it counts none so."""
    for config in _prompts(model):  # only prefix tuning puts them before keys; others put them before the words
        if getattr(config, "num_virtual_tokens", None) == size:
            return "prefix" if "prefix" in str(getattr(config, "peft_type", "")).lower() else "prompt"
    configs = [config_of(model)]
    for config in list(configs):
        configs += [getattr(config, name, None) for name in getattr(config, "sub_configs", ())]
    for name, what in SETTINGS.items():
        if any(getattr(config, name, None) == size for config in configs):
            return what
    return None


def _prompts(model: Any) -> list[Any]:
    """Return PEFT's configs of a model."""
    found = getattr(model, "peft_config", None)
    return list(found.values()) if isinstance(found, Mapping) else []


def _of_text(side: Side, name: str) -> Part:
    kept = None if side.unpadded is None else tuple(side.unpadded.tolist())
    tokens = list(side.tokens)
    if kept is not None:  # names for padding are never shown
        tokens = [""] * side.length
        for place, token in zip(kept, side.tokens, strict=True):
            tokens[place] = token
    return Part(tuple(tokens), (), kept, name)


def _numbered(what: str, size: int, kept: tuple[int, ...] | None = None) -> Part:
    return Part(tuple(f"{what} {place}" for place in range(size)), (), kept)


def side_of(layout: Layout, sides: Mapping[str, Side]) -> Side:
    """Return the shown positions of a joined sequence: the words of its texts, and the names of the rest."""
    tokens: list[str] = []
    special: list[int] = []
    words: list[int] = []
    parsed = True
    segments = []
    for part in layout.parts:
        start, first = len(tokens), 1 + max(words, default=-1)
        shown = range(len(part.tokens)) if part.kept is None else part.kept
        tokens += (part.tokens[place] for place in shown)
        if part.side is None:
            special += (start + at for at, place in enumerate(shown) if place in part.special)
            words += range(first, first + len(shown))
            continue
        side = sides[part.side]
        special += (start + place for place in side.special)
        parsed = parsed and side.words is not None
        words += (first + word for word in side.words or range(len(shown)))
        segments += [
            segment._replace(start=segment.start + start, stop=segment.stop + start) for segment in side.segments
        ]
    return Side(
        tokens=tuple(tokens),
        special=tuple(special),
        length=sum(len(part.tokens) for part in layout.parts),
        words=tuple(words) if parsed else None,
        segments=tuple(segments),
    )
