"""Captures from running a model: `capture` and `capture_generation`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from headscope.api.capture_class import Capture
from headscope.data.capture import check_chosen, keep_layers
from headscope.keywords import suggests_keywords
from headscope.sources.wrapped import unwrapped
from headscope.text.shortened import shown
from headscope.tracing.pipelines import is_pipeline, need_torch, need_transformers, of_pipeline
from headscope.tracing.request import (
    Request,
    check_options,
    check_order,
    check_prompt_or_inputs,
    check_text_or_inputs,
    sort_out,
)

if TYPE_CHECKING:
    from os import PathLike


@suggests_keywords
def capture(
    model: Any,
    tokenizer: Any = None,
    text: Any = None,
    text_pair: Any = None,
    *,
    inputs: Any = None,
    tokens: Any = None,
    truncate: bool | int = False,
    target: str | None = None,
    segments: Any = None,
    batch_index: int | None = None,
    layers: Sequence[int] | None = None,
    keep_padding: bool = False,
    candidates: int | None = None,
    prettify: bool = True,
    name: str | None = None,
    offload: str | PathLike[str] | None = None,
    progress: bool | None = None,
) -> Capture:
    """Run a model once and capture its attention.

    The model runs as it was loaded, with its own attention function and mask, and the queries and keys of each layer
    are kept. Memory therefore grows linearly with the number of tokens; exact weights are computed from queries and
    keys on demand. The pass runs in evaluation mode, without dropout and gradients. Afterwards, and after errors too,
    the model's config, modes and hooks are as before.

    A few rows of each layer's `weights @ values` are compared with what the model computed; `Capture.report` gives the
    largest difference. A layer that does not agree shows the weights that the model's function returned, if those do,
    or else it is named as missing. Of attention that is computed step by step, the weights are kept.

    Parameters
    ----------
    model
        A torch module, such as a transformers model: also wrapped, compiled, quantised, with adapters. A `pipeline`, or
        a `LanguageModel` of nnsight, provides model and tokenizer: `capture(pipeline, text)`.
    tokenizer
        The model's tokenizer, or a processor that has one. Required for `text`. With `inputs` it only names the tokens;
        without it they are shown as ids.
    text, text_pair
        The text, or the two texts of a pair. `text` may be the messages of a chat, such as
        `[{"role": "user", "content": "Hello"}]`, which the tokenizer's chat template renders to a text; a content may
        be a list of parts. Or it is a list of texts, of which `batch_index` chooses one, and `text_pair` a list of
        equally many: the tokenizer pads them to one batch. Chats, and texts whose tokenizer has no pad token, run
        alone, and the report says so. Token ids or a batch in the place of `text` or `tokenizer` are `inputs`.
    inputs
        The model's inputs, instead of `text`: a mapping of tensors, arrays or lists, such as
        `tokenizer(texts, padding=True, return_tensors="pt")` or `processor(images=image, return_tensors="pt")`; a bare
        tensor, array or list of ids (of pixels or sounds, if the model reads those); a tuple of tensors in the order of
        the model's arguments; rows of a data set, as mappings. The pass gets them as they are, except:

        - Rows of unequal length are padded at their ends, with an attention mask.
        - Columns of text, and what the model has no argument for, are left out. Both stand in the report.
        - A cache is copied, so that the caller's does not grow. Its positions are keys named `past 0`, `past 1`, ... A
          layer with a window has the last of them; the empty room of a static cache is left out.
        - `labels` give the text of a decoder that generates; the model does not get them.
        - A language model of transformers computes logits of long texts for the last position only, unless `candidates`
          needs them.
    tokens
        Names to show for positions, in place of tokens: one string for each position of the text, such as with
        `inputs_embeds`; or a mapping of such lists for `"input_ids"`, `"decoder_input_ids"` or names of maps
        (`"vision"`, `"encoder"`). None (default) shows tokens, or what positions stand for.
    truncate
        True reads only the first tokens of a text, as many as the model has positions for; a number reads that many.
        False (default) raises an error if the text is too long. `headscope.capture_batch` reads a long text in windows.
    target
        The text that the decoder of an encoder-decoder writes. By default it reads the decoder inputs or labels in
        `inputs`, or else what the model generates greedily, or else the start token alone.
    segments
        Named parts of the text, which a view (`merge_segments`) and `segment_weights` can show instead of tokens:

        - `"sentences"`, `"paragraphs"` or `"lines"` splits each text, or each message of a chat;
          `headscope.text.splitting` gives the rules.
        - A list of markers, such as `["Document:", "Question:"]`: each occurrence begins a segment with the marker's
          name. Text before the first one is the segment `beginning`.
        - A list of `(name, start, stop)`: character ranges of `text`, or of a chat's rendered text. With `inputs` they
          are ranges of positions, without hidden padding.
        - `"messages"` gives the messages of a chat, `system`, `user 1`, `assistant` and so on, each with the markup
          that the template adds. None (default) does the same for a chat, and otherwise gives no segments.
        - A mapping, for several texts: `{"text": "sentences", "text_pair": [("second", 0, 30)], "target": "lines"}`;
          with `inputs`, ranges for `"input_ids"` and `"decoder_input_ids"`.
        - `[]` gives no segments.

        A token belongs to the first segment that contains one of its characters, ignoring surrounding spaces. Tokens
        outside of segments, such as special tokens around a text, remain single tokens.
    batch_index
        The zero-based text of a list, or row of a batch, to capture. A capture holds one text; None (default) is the
        first, and the report says so if there are others.
    layers
        The zero-based layers to keep of each map; None (default) keeps all. Kept layers keep their numbers.
    keep_padding
        Whether to keep positions that the attention mask hides, or a `key_padding_mask` of torch's own modules. False
        (default) leaves them out as queries and as keys. A query that may see no key has weights of zero.
    candidates
        The number of most probable next tokens to keep for each position, in `Capture.logits`. None (default) keeps 5
        where the pass has their logits: of every position for texts up to some hundred tokens, of the last position
        for longer ones. A masked language model predicts the token at the position itself. `Capture.predictions` has
        the labels of a classifier.
    prettify
        Whether to show tokens as readable text, see `headscope.text.tokens`. True by default; False shows them as the
        tokenizer's vocabulary writes them.
    name
        The display name of the model; by default the name by which it was loaded, or its class.
    offload
        `"disk"` writes queries and keys layer by layer to a temporary file and reads them when they are needed, so that
        memory holds one layer at a time. The file is in Python's folder for temporary files, which TMPDIR sets; pass
        the path of another folder instead of `"disk"`. The file disappears with the capture. None (default) keeps
        queries and keys in memory, on the model's device. A model that returns weights holds all of them until the pass
        has ended.
    progress
        Whether to show a progress bar of layers: True from the start, False never; None (default) once the pass has
        taken more than 2 seconds.

    Returns
    -------
    Capture
        With the map `"self"`, or `"encoder"`, `"decoder"` and `"cross"`, or `"text"`, `"vision"`, `"audio"` and,
        between them, `"resampler"` and `"other"`. Further towers of a kind, and layers with other positions, are maps
        of their own with a number: `"vision 2"`. Image placeholders in a text are named after their patches, if the
        model locates them: `image 3,5` is row 3, column 5.

    Raises
    ------
    ImportError
        torch is missing.
    ValueError
        The model can't be captured, it refuses its inputs, the text does not fit it, or arguments do not fit each
        other.
    TypeError
        A keyword is unknown, or a value has the wrong type.
    IndexError
        `batch_index` or `layers` is out of range.
    RuntimeError
        capture was called during a capture in the same thread.
    MemoryError
        The capture would not fit into memory. This is checked before the model runs; the message gives the size.
    OSError
        With `offload`: the disk is too small, or the file can't be written.
    """
    need_torch()
    check_order("text", model, tokenizer, text, text_pair, inputs)
    model, tokenizer, text, text_pair = unwrapped(model, tokenizer, text, text_pair)
    if is_pipeline(model):
        model, tokenizer, text, text_pair = of_pipeline(model, tokenizer, text, text_pair)
    tokenizer, text, inputs = sort_out(tokenizer, text, inputs)
    check_text_or_inputs(text, text_pair, inputs)
    check_options(locals())
    request = Request(
        model=model,
        tokenizer=tokenizer,
        text=text,
        text_pair=text_pair,
        inputs=inputs,
        tokens=tokens,
        truncate=truncate,
        target=target,
        segments=segments,
        batch_index=0 if batch_index is None else batch_index,
        unasked=batch_index is None,
        keep_padding=keep_padding,
        candidates=candidates,
        prettify=prettify,
        offload=offload,
        progress=progress,
    )
    return _captured(request, layers, name)


def _captured(request: Request, layers: Sequence[int] | None, name: str | None, notes: Sequence[str] = ()) -> Capture:
    """Run the model and return the capture; `notes` come first in its report."""
    from headscope.tracing.run import model_name, run

    layers = None if layers is None else check_chosen(layers)
    try:
        chosen = None if layers is None else frozenset(layers)
    except TypeError:  # something that can't even be compared
        raise TypeError(f"layers must be a sequence of layers, such as [0, 1], not {shown(layers)}.") from None
    model = getattr(request.model, "_orig_mod", request.model)  # the pass does not use the graph of a compiled model
    passed = run(replace(request, model=model, layers=chosen))
    name = name or model_name(model)
    report = replace(passed.report, model=name, notes=(*notes, *passed.report.notes))
    return Capture(keep_layers(passed.maps, layers), name, report, passed.candidates, predictions=passed.labels)


def capture_generation(
    model: Any,
    tokenizer: Any = None,
    prompt: Any = None,
    *,
    inputs: Any = None,
    tokens: Any = None,
    segments: Any = None,
    sequence_index: int | None = None,
    layers: Sequence[int] | None = None,
    candidates: int | None = 10,
    prettify: bool = True,
    name: str | None = None,
    offload: str | PathLike[str] | None = None,
    progress: bool | None = None,
    **generate_options: Any,
) -> Capture:
    """Let a model generate, then capture its attention over prompt and generated text in one pass.

    The attention equals that of the decoding steps: what the pass says about each next token is compared with what the
    steps said. Where a model's steps differ from its own pass, the model writes the text again, and each row is taken
    from its step, without queries and keys; `Capture.report` says so. The row of a token shows the step that read it
    and wrote the next token. No step of the generation computed the row of the last token.

    Parameters
    ----------
    model, tokenizer
        As in `headscope.capture`. The model must be able to generate.
    prompt
        The text to continue, the messages of a chat, or a list of texts; for an encoder-decoder, the text to read.
    inputs
        The inputs of `model.generate`, instead of `prompt`, in any form that `headscope.capture` takes: ids,
        embeddings, pixels or sounds, and a cache of the first tokens, which is copied. Padding that `generate` finds by
        itself is hidden, as in its steps.
    tokens
        Names to show for the positions of the prompt, in place of tokens, one string for each.
    segments
        Named parts of the prompt, as in `headscope.capture`. By default they are the messages of a chat, or one segment
        `prompt`. The generated text is a segment `generated`, unless `segments` is `[]`.
    sequence_index
        The zero-based number of the sequence to capture; several prompts or `num_return_sequences` give several. None
        (default) is the first, and the report says so if there are others.
    layers, prettify, name, offload, progress
        As in `headscope.capture`. They apply to the captured pass, not to the generation before it.
    candidates
        The number of most probable next tokens to keep for each position, in `Capture.logits`. 10 by default; None
        keeps none.
    **generate_options
        Keywords of `model.generate`: `max_new_tokens`, `do_sample`, `num_beams`, `cache_implementation` and others.

    Returns
    -------
    Capture
        Its `generation` tells which tokens are the prompt, and at which step each other token was generated. Padding
        after the end token of a sequence is left out.

    Raises
    ------
    ImportError, ValueError, TypeError, IndexError, RuntimeError, MemoryError, OSError
        As in `headscope.capture`; also ValueError if the model can't generate.
    """
    need_transformers()
    if "batch_index" in generate_options:
        raise TypeError("capture_generation() has no keyword 'batch_index': sequence_index= chooses a sequence.")
    check_order("prompt", model, tokenizer, prompt, inputs)
    model, tokenizer, prompt, _ = unwrapped(model, tokenizer, prompt)
    if is_pipeline(model):
        model, tokenizer, prompt, _ = of_pipeline(model, tokenizer, prompt, None)
    tokenizer, prompt, inputs = sort_out(tokenizer, prompt, inputs, "prompt")
    check_prompt_or_inputs(prompt, inputs)
    check_options(locals())
    from headscope.tracing.generation.generating import write

    written = write(model, tokenizer, prompt, inputs, sequence_index, generate_options, segments, tokens)
    request = Request(
        model=model,
        tokenizer=tokenizer,
        inputs=written.inputs,
        tokens=written.tokens,
        segments=written.segments,
        candidates=candidates,
        steps=written.steps,
        script=written.script,
        prettify=prettify,
        offload=offload,
        progress=progress,
    )
    captured = _captured(request, layers, name, written.notes)
    captured.generation = written.generation(captured.maps, tokenizer)
    return captured
