"""A generated text: the inputs of a pass over it, which of its tokens were generated, and its segments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from headscope.data.attention_map import AttentionMap
from headscope.data.next_tokens import Generation
from headscope.text.segments import Segment
from headscope.tracing.generation.repeating import Script
from headscope.tracing.generation.steps import Steps
from headscope.tracing.inputs.caches import check_cache
from headscope.tracing.inputs.chat import text_tokenizer
from headscope.tracing.inputs.segmenting import Positions, segments_of

PROMPT, GENERATED = "prompt", "generated"
"""The names of the two parts of a generated text."""


@dataclass(frozen=True)
class Written:
    """A generated text."""

    inputs: Mapping[str, Any]
    """The inputs of a pass over the whole text: a batch of one."""
    num_prompt: int
    """The number of tokens, without padding, before the first generated one."""
    segments: Mapping[str, Any] = field(default_factory=dict)
    """Its segments in token positions, by input name."""
    tokens: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Names of its positions, by input name, where ids do not name them."""
    notes: list[str] = field(default_factory=list)
    """What happened to the inputs, for the report."""
    cache: Any = None
    """The caller's cache from which generation continued; None without one."""
    row: int = 0
    """The zero-based number of the text in the caller's batch."""
    steps: Steps = field(default_factory=Steps)
    """What the steps that wrote it said about each next token."""
    new_ids: Tensor | None = None
    """The generated ids, shape (steps,)."""
    script: Script | None = None
    """How to let the model write it again."""

    @property
    def length(self) -> int:
        """The number of shown positions that the generated tokens are part of."""
        mask = self.inputs.get("attention_mask")
        if "decoder_input_ids" not in self.inputs and isinstance(mask, Tensor):
            return int(mask.sum())
        names = ("decoder_input_ids", "inputs_embeds", "input_ids")
        return next(int(self.inputs[name].shape[1]) for name in names if name in self.inputs)

    def generation(self, maps: Mapping[str, AttentionMap], tokenizer: Any) -> Generation | None:
        """Return which tokens of a capture of the whole were generated; None where no map has them as its queries.

        The tokenizer, or processor, turns them into text; None if there is none.

        Raises
        ------
        ValueError
            The cache from which generation continued holds other keys than the capture.
        """
        map_ = next((maps[name] for name in ("decoder", "text", "self") if name in maps), None)
        if map_ is None:
            return None
        check_cache(self.cache, map_, self.row)
        count = len(map_.query_tokens)
        num_prompt = count - (self.length - self.num_prompt)  # patches or virtual tokens may come before the text
        steps = (place - num_prompt if place >= num_prompt else None for place in range(count))
        return Generation(map_.name, num_prompt, tuple(steps), self._text(tokenizer))

    def _text(self, tokenizer: Any) -> str:
        decode = getattr(text_tokenizer(tokenizer), "decode", None)
        if self.new_ids is None or decode is None:
            return ""
        try:
            return str(decode(self.new_ids.tolist(), skip_special_tokens=True))
        except Exception:  # the text is an extra: a tokenizer that can't decode these ids takes nothing away
            return ""


def name_parts(
    written: Written, wanted: Any, named: Sequence[Segment] | None, tokenizer: Any
) -> dict[str, list[Segment]]:
    """Return the segments of a generated text by input name: those of its prompt, and the generated part.

    Parameters
    ----------
    written
        The text.
    wanted
        The argument `segments` of the user; empty for no segments at all.
    named
        The prompt's segments in token positions; None if the prompt came as tokens.
    tokenizer
        The tokenizer; its BOS token does not belong to the prompt's segment.
    """
    if wanted is not None and not wanted:
        return {}
    two_sides = "decoder_input_ids" in written.inputs
    count = written.length
    new = [Segment(GENERATED, written.num_prompt, count)] if written.num_prompt < count else []
    if named is None:
        prompt = Positions("input_ids", _length(written.inputs) if two_sides else written.num_prompt)
        named = segments_of(wanted, {"main": [prompt]})["main"]
    if two_sides:
        return ({"input_ids": list(named)} if named else {}) | {"decoder_input_ids": new}
    first = int(_starts_with_bos(written.inputs.get("input_ids"), tokenizer))
    if wanted is None and not named and first < written.num_prompt:
        named = [Segment(PROMPT, first, written.num_prompt)]
    return {"input_ids": [*named, *new]}


def _length(inputs: Mapping[str, Any]) -> int:
    """Return the number of tokens that the encoder reads, without padding; 0 if it reads no text."""
    sequence, mask = inputs.get("input_ids", inputs.get("inputs_embeds")), inputs.get("attention_mask")
    if not isinstance(sequence, Tensor):
        return 0
    return int(mask.sum()) if isinstance(mask, Tensor) and mask.dim() == 2 else int(sequence.shape[1])


def _starts_with_bos(ids: Tensor | None, tokenizer: Any) -> bool:
    return ids is not None and int(ids[0, 0]) == getattr(text_tokenizer(tokenizer), "bos_token_id", None)
