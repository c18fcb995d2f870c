"""Captures of what a model generates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from headscope.attention import Capture, capture, is_pipeline, need_transformers, of_pipeline

if TYPE_CHECKING:
    from os import PathLike


@dataclass(frozen=True)
class Generation:
    """Which tokens of a capture were prompt, and which were generated."""

    map: str
    """The attention map whose queries these tokens are: the decoder's, where there is one."""
    num_prompt: int
    """How many tokens the model was given before it generated the first."""
    steps: tuple[int | None, ...]
    """For each query token the step that generated it, counted from zero; None in the prompt."""


def capture_generation(
    model: Any,
    tokenizer: Any = None,
    prompt: Any = None,
    *,
    inputs: Mapping[str, Any] | None = None,
    segments: Any = None,
    sequence_index: int = 0,
    layers: Sequence[int] | None = None,
    candidates: int | None = 10,
    prettify: bool = True,
    name: str | None = None,
    offload: str | PathLike[str] | None = None,
    progress: bool | None = None,
    **generate_options: Any,
) -> Capture:
    """Let a model generate, then capture its attention over all that was read and written, in one pass.

    The pass has the same attention as the steps of decoding: what a step looks at is the row of the token that it read,
    the one before the token that it wrote. The last token of a text is a row that no step computed.

    Parameters
    ----------
    model, tokenizer
        As in `headscope.capture`; the model must be able to generate.
    prompt
        The text to go on from, for an encoder-decoder the text to read; or the messages of a chat.
    inputs
        In place of a prompt: what `model.generate` takes, such as a batch from the tokenizer or a processor.
    segments
        Named parts of the prompt, as in `headscope.capture`; by default the messages of a chat, else the whole
        `prompt`. What the model writes is one more segment, `generated`, unless this is `[]`.
    sequence_index
        Which of the sequences that `model.generate` returns is captured: several prompts or `num_return_sequences` give
        several.
    layers, prettify, name, offload, progress
        As in `headscope.capture`; the pass over the whole is what these are about, not the generation before it.
    candidates
        How many of the most probable next tokens to keep for each position, in `Capture.logits`; none where None.
    **generate_options
        All that `model.generate` takes: `max_new_tokens`, `do_sample`, `num_beams`, `cache_implementation` and others.

    Returns
    -------
    Capture
        Its `generation` says which tokens were prompt, and which were generated at which step. Beyond its end, such as
        padding after the end token, a sequence is not shown.

    Raises
    ------
    ImportError, ValueError, TypeError, IndexError, RuntimeError, MemoryError, OSError
        As `headscope.capture`; and ValueError for a model that can't generate.
    """
    need_transformers()
    if is_pipeline(model):
        model, tokenizer, prompt, _ = of_pipeline(model, tokenizer, prompt, None)
    if (prompt is None) == (inputs is None):
        given = "neither a prompt nor inputs were" if prompt is None else "both a prompt and inputs were"
        raise ValueError(f"{given} given: call capture_generation(model, tokenizer, prompt) or pass inputs=batch.")
    from headscope.capture.generating import write

    written = write(model, tokenizer, prompt, inputs, sequence_index, generate_options, segments)
    captured = capture(
        model,
        tokenizer,
        inputs=written.inputs,
        segments=written.segments,
        layers=layers,
        candidates=candidates,
        prettify=prettify,
        name=name,
        offload=offload,
        progress=progress,
    )
    map_ = next((captured.maps[map_] for map_ in ("decoder", "text", "self") if map_ in captured.maps), None)
    if map_ is not None:
        count = len(map_.query_tokens)
        steps = (place - written.num_prompt if place >= written.num_prompt else None for place in range(count))
        captured.generation = Generation(map_.name, written.num_prompt, tuple(steps))
    return captured
