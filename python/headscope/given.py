"""Attention maps of given arrays: which arguments belong together, and whether they fit each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from headscope.arrays import array_records
from headscope.maps import AttentionMap
from headscope.segments import by_argument, check_segments
from headscope.tokens import read_names

Tokens: TypeAlias = "Sequence[str] | None"
TOKENS = ("tokens", "key_tokens", "encoder_tokens", "decoder_tokens")
Axis: TypeAlias = "tuple[str, Tokens]"
"""An argument's name and the tokens that came in it."""


@dataclass(frozen=True)
class Given:
    """The arguments of `headscope.from_attentions`, where they are described."""

    attentions: Any
    tokens: Tokens
    key_tokens: Tokens
    sentence_b_start: int | None
    encoder_attentions: Any
    decoder_attentions: Any
    cross_attentions: Any
    encoder_tokens: Tokens
    decoder_tokens: Tokens
    prettify: bool
    batch_index: int | None
    segments: Any = None

    def maps(self) -> list[AttentionMap]:
        """Return the attention maps, or raise ValueError or TypeError for arguments that do not fit."""
        weights = self._weights()
        self._refuse_outputs()
        encoder, decoder = ("encoder_tokens", self.encoder_tokens), ("decoder_tokens", self.decoder_tokens)
        text = "tokens", self.tokens
        keys = text if self.key_tokens is None else ("key_tokens", self.key_tokens)
        axes: dict[str, tuple[Axis, Axis]] = {
            "self": (text, keys),
            "encoder": (encoder, encoder),
            "decoder": (decoder, decoder),
            "cross": (decoder, encoder),
        }
        return [self._map(kind, weights[kind], *axes[kind]) for kind in weights]

    def _weights(self) -> Mapping[str, Any]:
        """Return the weights by the name of their map."""
        sides = {"encoder": self.encoder_attentions, "decoder": self.decoder_attentions, "cross": self.cross_attentions}
        weights = {kind: value for kind, value in sides.items() if value is not None}
        if self.attentions is not None:
            self._refuse_sides(weights)
            return {"self": self.attentions}
        if not weights:
            raise ValueError(
                "no attention was given: pass attentions and tokens, or any of encoder_attentions, decoder_attentions "
                "and cross_attentions with their tokens. hs.capture(model, tokenizer, text) gets them from a model."
            )
        self._refuse_text(weights)
        return weights

    def _refuse_sides(self, weights: Mapping[str, Any]) -> None:
        others = [f"{kind}_attentions" for kind in weights]
        others += [name for name in ("encoder_tokens", "decoder_tokens") if getattr(self, name) is not None]
        if others:
            raise ValueError(
                f"attentions was given together with {', '.join(others)}: give attentions and tokens for a model with "
                "one attention, or the encoder, decoder and cross arguments for an encoder-decoder, not both."
            )

    def _refuse_text(self, weights: Mapping[str, Any]) -> None:
        mixed = [name for name in ("tokens", "key_tokens") if getattr(self, name) is not None]
        if self.sentence_b_start is not None and "encoder" not in weights:
            mixed.append("sentence_b_start")
        if mixed:
            raise ValueError(
                f"{', '.join(mixed)} can't go with {', '.join(f'{kind}_attentions' for kind in weights)}: an "
                "encoder-decoder takes encoder_tokens and decoder_tokens."
            )

    def _refuse_outputs(self) -> None:
        if hasattr(self.attentions, "attentions") or hasattr(self.attentions, "encoder_attentions"):
            kind = type(self.attentions).__name__
            raise TypeError(f"attentions is a whole {kind}: pass its attentions, such as outputs.attentions.")

    def _map(self, kind: str, weights: Any, query_axis: Axis, key_axis: Axis) -> AttentionMap:
        what = "attentions" if kind == "self" else f"{kind}_attentions"
        records = array_records(weights, what, self.batch_index)
        queries = _checked_tokens(query_axis, what, records[0].num_queries)
        keys = _checked_tokens(key_axis, what, records[0].num_keys)
        segments = self._segments()
        query_row, key_row = (read_names(tokens, self.prettify) for tokens in (queries, keys))
        return AttentionMap(
            kind,
            records,
            query_row.texts,
            key_row.texts,
            query_special=query_row.special,
            key_special=key_row.special,
            query_words=query_row.words,
            key_words=key_row.words,
            query_segments=check_segments(segments.get(query_axis[0], ()), len(queries), query_axis[0]),
            key_segments=check_segments(segments.get(key_axis[0], ()), len(keys), key_axis[0]),
            sentence_b_start=self._checked_start(len(queries)) if kind in ("self", "encoder") else None,
        )

    def _segments(self) -> Mapping[str, Any]:
        """Return the segments by the argument whose tokens they are of."""
        names = [name for name in TOKENS if getattr(self, name) is not None]
        if isinstance(self.segments, (str, bytes)):
            raise TypeError(
                f"segments is {self.segments!r}, but there is no text to split: give (name, start, stop) for each, in "
                "positions of tokens."
            )
        return by_argument(self.segments, names)

    def _checked_start(self, size: int) -> int | None:
        start = self.sentence_b_start
        if start is None:
            return None
        if isinstance(start, bool) or not hasattr(start, "__index__"):
            raise TypeError(f"sentence_b_start must be a position (an integer), not {start!r}.")
        if not 0 < start < size:
            raise ValueError(f"sentence_b_start is {start}: with {size} tokens it can be from 1 to {size - 1}.")
        return int(start)


def _checked_tokens(axis: Axis, what: str, size: int) -> list[str]:
    argument, tokens = axis
    if tokens is None:
        raise ValueError(f"{what} needs {argument}: one string for each of its {size} positions.")
    if isinstance(tokens, str):
        raise TypeError(f"{argument} must be a sequence of strings, one for each position, not one string.")
    for position, token in enumerate(tokens):
        if not isinstance(token, str):
            raise TypeError(
                f"{argument}[{position}] is {token!r} ({type(token).__name__}), not a string: turn ids into tokens "
                "with tokenizer.convert_ids_to_tokens(ids)."
            )
    if len(tokens) != size:
        raise ValueError(
            f"{what} has {size} positions, but {argument} has {len(tokens)}: give one token for each position, special "
            "tokens and padding included."
        )
    return list(tokens)
