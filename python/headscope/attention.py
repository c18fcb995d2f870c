"""Captures: all that one forward pass left, and the ways to make one."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from headscope.frames import to_frame
from headscope.given import Given
from headscope.keywords import reject_unknown
from headscope.maps import AttentionMap, check_chosen, keep_layers
from headscope.positions import Positions, check_position, is_single, ranges
from headscope.records import Record
from headscope.reports import MapReport, Report
from headscope.sizes import readable_size

if TYPE_CHECKING:
    from os import PathLike
    from pathlib import Path

    from numpy.typing import NDArray

    from headscope.candidates import Candidates
    from headscope.capture.forward import MapParts
    from headscope.generation import Generation
    from headscope.widgets import Selection, View

__all__ = ["AttentionMap", "Capture", "Record", "capture", "from_attentions"]


class Capture:
    """All that one forward pass left: its attention maps, and what shows them.

    Parameters
    ----------
    maps
        The attention maps, in the order in which they are offered.
    name
        What people call the model.
    report
        How the maps were had; by default, that their weights were given.
    logits
        The most probable tokens at each position.

    Raises
    ------
    ValueError
        If there is no map.
    """

    def __init__(
        self,
        maps: Sequence[AttentionMap],
        name: str = "attention",
        report: Report | None = None,
        logits: Candidates | None = None,
    ) -> None:
        if not maps:
            raise ValueError("a capture needs at least one attention map.")
        self.name = name
        self.maps: dict[str, AttentionMap] = {map_.name: map_ for map_ in maps}
        self.logits = logits
        """The most probable next tokens at each position, where `candidates` asked for them."""
        self.generation: Generation | None = None
        """Which tokens were prompt and which were generated, where `capture_generation` made this."""
        self._report = report or _report_of_given(name, maps)

    @property
    def nbytes(self) -> int:
        """How much memory the capture holds, in bytes."""
        return sum(map_.nbytes for map_ in self.maps.values()) + (self.logits.nbytes if self.logits else 0)

    def report(self) -> Report:
        """Return how each attention map was had, and which attention is missing and why; a table in a notebook."""
        return self._report

    def to(self, device: Any) -> Capture:
        """Move all that the capture holds to another device, such as `"cpu"`, which frees the one it was on.

        Returns
        -------
        Capture
            This capture itself. Its views go on.
        """
        from headscope.capture.moving import moved

        for map_ in self.maps.values():
            map_.records = moved(map_.records, device)
        return self

    def save(self, path: str | PathLike[str], *, progress: bool | None = None) -> Path:
        """Write all that the capture holds to one file, which `headscope.load` reads and JupyterLab opens.

        It is a safetensors file of queries and keys, or of weights where there are no more, with tokens and all else;
        `docs/file-format.md` describes it. A file that is there already is replaced once the new one is whole. With
        more than 64 tokens the file also has a thumbnail of every head, for which every weight is computed once.

        Parameters
        ----------
        path
            Where to, `NAME.attn.safetensors`.
        progress
            Whether a progress bar counts tensors and thumbnails: True from the start, False never; None if it takes
            more than 2 seconds.

        Returns
        -------
        Path
            Where the file is.

        Raises
        ------
        ValueError
            Another ending.
        OSError
            The folder does not exist, or the file can't be written.
        """
        from headscope.files import save

        return save(self, path, progress)

    def queries(self, layer: int, head: Positions = None, map: str | None = None) -> NDArray[np.float32]:
        """Return query vectors after position encoding.

        Parameters
        ----------
        layer
            Zero-based.
        head
            All heads (None), one, a slice or a sequence.
        map
            The name of an attention map; the first of `maps` where None.

        Returns
        -------
        ndarray of float32
            Shape (heads, num_queries, head_dim); the first axis is dropped where one head was given.

        Raises
        ------
        IndexError
            A layer or head out of range.
        ValueError
            An unknown map, or a layer of which there are weights alone.
        """
        chosen = self._map(map)
        record = chosen.vectors(layer)
        found = record.queries(_positions(head, record.num_heads, "head"))
        return found[0] if is_single(head) else found

    def keys(self, layer: int, head: Positions = None, map: str | None = None) -> NDArray[np.float32]:
        """Return key vectors after position encoding, for each query head those that it reads.

        With grouped queries several heads read the keys of one KV head: head `h` those of KV head
        `h // (num_heads // num_kv_heads)`, and these come out equal here. `AttentionMap.num_kv_heads(layer)` says how
        many there are.

        Parameters
        ----------
        layer, head, map
            As in `queries`.

        Returns
        -------
        ndarray of float32
            Shape (heads, num_keys, head_dim); the first axis is dropped where one head was given.

        Raises
        ------
        IndexError, ValueError
            As in `queries`.
        """
        chosen = self._map(map)
        record = chosen.vectors(layer)
        shared_by = record.num_heads // record.num_kv_heads
        found = record.keys([one // shared_by for one in _positions(head, record.num_heads, "head")])
        return found[0] if is_single(head) else found

    def scores(
        self,
        layer: int,
        head: Positions = None,
        queries: Positions = None,
        keys: Positions = None,
        map: str | None = None,
    ) -> NDArray[np.float32]:
        """Return attention scores: what the softmax makes weights of.

        `scores = cap(query @ key * scaling) + bias`, minus infinity where a key is hidden. There `cap(x)` is
        `softcap * tanh(x / softcap)` in models with a softcap and `x` in others, and `bias` is what the model adds by
        position. `softmax(scores)` over the keys gives the weights; a model with attention sinks has one more term in
        the sum of each row.

        Parameters
        ----------
        layer, head, queries, keys, map
            As in `weights`.

        Returns
        -------
        ndarray of float32
            Shape (heads, queries, keys); an axis for which one position was given is dropped.

        Raises
        ------
        IndexError, ValueError
            As in `queries`.
        """
        chosen = self._map(map)
        record = chosen.vectors(layer)
        heads = _positions(head, record.num_heads, "head")
        columns = _positions(keys, record.num_keys, "key")
        rows = ranges(queries, record.num_queries, "query") or [range(0)]
        parts = [record.scores(heads, slice(run.start, run.stop), slice(0, record.num_keys)) for run in rows]
        block = np.concatenate(parts, axis=1)[:, :, columns]
        return block[tuple(0 if is_single(axis) else slice(None) for axis in (head, queries, keys))]

    def weights(
        self,
        layer: int,
        head: Positions = None,
        queries: Positions = None,
        keys: Positions = None,
        map: str | None = None,
    ) -> NDArray[np.float32]:
        """Return exact attention weights.

        Parameters
        ----------
        layer
            Zero-based.
        head, queries, keys
            All (None), one position, a slice such as `slice(4, 8)`, or a sequence of positions in the order wanted. All
            zero-based; negative positions are refused, negative ends of slices count from the end as usual.
        map
            The name of an attention map; the first of `maps` where None.

        Returns
        -------
        ndarray of float32
            Shape (heads, queries, keys); an axis for which one position was given is dropped, as in NumPy. So a `head`
            and nothing else gives (num_queries, num_keys).

        Raises
        ------
        IndexError
            A layer, head or position out of range.
        ValueError
            An unknown map, or a layer that `layers=` left out.
        """
        block = self._kept_map(layer, map).block(layer, head, queries, keys)
        return block[tuple(0 if is_single(axis) else slice(None) for axis in (head, queries, keys))]

    def segment_weights(self, layer: int, head: Positions = None, map: str | None = None) -> NDArray[np.float32]:
        """Return exact weights between segments: the sum over the keys of one, the mean over the queries of the other.

        So it is how much of the attention of a segment's queries rests on a segment's keys. Tokens of no segment are
        left out: a row adds up to less than 1 by what they get.

        Parameters
        ----------
        layer, head, map
            As in `weights`.

        Returns
        -------
        ndarray of float32
            Shape (heads, query segments, key segments); the first axis is dropped where one head was given. NaN where a
            weight is missing.

        Raises
        ------
        IndexError
            A layer or head out of range.
        ValueError
            An unknown map, one without segments on one of its sides, or a layer that `layers=` left out.
        """
        chosen = self._kept_map(layer, map)
        sides = chosen.query_segments, chosen.key_segments
        for side, segments in zip(("query", "key"), sides, strict=True):
            if not segments:
                raise ValueError(
                    f"the {chosen.name!r} map has no {side} segments: give segments= to what makes the capture, or "
                    "ranges of tokens to AttentionMap.excerpt."
                )
        queries, keys = ([[segment.start, segment.stop] for segment in side] for side in sides)
        heads = _positions(head, chosen.num_heads(layer), "head")
        found = chosen.excerpt(layer, heads, queries, keys)
        return found[0] if is_single(head) else found

    def to_frame(self, layer: int, head: Positions = None, map: str | None = None) -> Any:
        """Return exact weights as a table, a row for each query and key: for pandas, which has to be installed.

        Parameters
        ----------
        layer
            Zero-based.
        head
            One head; or several, or all (None): then the table has a `head` column too.
        map
            The name of an attention map; the first of `maps` where None.

        Returns
        -------
        pandas.DataFrame
            Columns `query`, `query_token`, `key`, `key_token` and `weight` (float32, NaN where one is missing), ordered
            by head, query and key. A head of n tokens has n * n rows.

        Raises
        ------
        ImportError
            pandas is not installed.
        IndexError
            A layer or head out of range.
        ValueError
            An unknown map, or a layer that `layers=` left out.
        """
        return to_frame(self._kept_map(layer, map), layer, head)

    def _kept_map(self, layer: int, name: str | None) -> AttentionMap:
        """Return a map, or raise where it has no weights of a layer."""
        chosen = self._map(name)
        if check_position(layer, chosen.num_layers, "layer") not in chosen.layers:
            kept = ", ".join(str(kept) for kept in chosen.layers)
            raise ValueError(f"layer {layer} was left out: layers= kept {kept} of the {chosen.name!r} map.")
        return chosen

    def _map(self, name: str | None) -> AttentionMap:
        if name is None:
            return next(iter(self.maps.values()))
        if name not in self.maps:
            raise ValueError(f"there is no attention map {name!r}: this capture has {', '.join(map(repr, self.maps))}.")
        return self.maps[name]

    def head_view(self, **options: Any) -> View:
        """Show lines from queries to keys, a colour for each head. Options: see `headscope.options`."""
        from headscope.widgets import head_view

        return head_view(self, **options)

    def model_view(self, **options: Any) -> View:
        """Show every head of every layer as a thumbnail. Options: see `headscope.options`."""
        from headscope.widgets import model_view

        return model_view(self, **options)

    def matrix_view(self, **options: Any) -> View:
        """Show heads as heat maps, queries down and keys across. Options: see `headscope.options`."""
        from headscope.widgets import matrix_view

        return matrix_view(self, **options)

    def neuron_view(self, **options: Any) -> View:
        """Show how weights come from queries and keys. Options: see `headscope.options`."""
        from headscope.widgets import neuron_view

        return neuron_view(self, **options)

    def text_view(self, **options: Any) -> View:
        """Show the input as text, shaded by attention. Options: see `headscope.options`."""
        from headscope.widgets import text_view

        return text_view(self, **options)

    def explorer(self, **options: Any) -> View:
        """Show every head, and beside them one view of those chosen. Options: see `headscope.options`."""
        from headscope.widgets import explorer

        return explorer(self, **options)

    @property
    def selection(self) -> Selection:
        """Map, layer, heads and tokens that all views of this capture share; assigning one moves every view."""
        from headscope.widgets import selection_of

        return selection_of(self)

    def select(self, **place: Any) -> Selection:
        """Move all views of this capture in one step.

        Parameters
        ----------
        **place
            `map`: the name of an attention map. `layer`: zero-based. `heads`: zero-based, None for all; `head` for one.
            `query`, `key`: the tokens to pin, None for none. A token is named by its position or by its text: `"cat"`
            is the first token that is this text, spaces around it left aside, else the first word of several tokens
            that is, else the first token or word that begins so; `("cat", 1)` is the second. `pair`: which sentences of
            a pair are shown, `"all"`, `"aa"`, `"bb"`, `"ab"` or `"ba"`.

        Returns
        -------
        Selection
            `self.selection`.

        Raises
        ------
        ValueError
            A map, layer, head, token or sentence that this capture does not have; nothing moves. For a token the
            message names near ones with their positions.
        TypeError
            An unknown keyword.
        """
        from headscope.widgets import select

        return select(self, **place)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        from headscope.widgets import default_view

        return default_view(self)._repr_mimebundle_(**kwargs)

    def __repr__(self) -> str:
        maps = "; ".join(_describe(map_) for map_ in self.maps.values())
        return f"<Capture of {self.name}: {maps}; {readable_size(self.nbytes)}>"


def _positions(positions: Positions, size: int, axis: str) -> list[int]:
    return [position for run in ranges(positions, size, axis) for position in run]


def _report_of_given(name: str, maps: Sequence[AttentionMap]) -> Report:
    return Report(
        name,
        tuple(
            MapReport(map_.name, None, map_.num_layers, tuple(sorted({record.num_heads for record in map_.records})))
            for map_ in maps
        ),
    )


def _describe(map_: AttentionMap) -> str:
    queries, keys = len(map_.query_tokens), len(map_.key_tokens)
    tokens = f"{queries} tokens" if queries == keys else f"{queries} x {keys} tokens"
    heads = sorted({record.num_heads for record in map_.records})
    many = f"{heads[0]}" if len(heads) == 1 else f"{heads[0]}-{heads[-1]}"
    return f"{map_.name}: {map_.num_layers} layers x {many} heads, {tokens}"


def from_attentions(
    attentions: Any = None,
    tokens: Sequence[str] | None = None,
    *,
    key_tokens: Sequence[str] | None = None,
    sentence_b_start: int | None = None,
    encoder_attentions: Any = None,
    decoder_attentions: Any = None,
    cross_attentions: Any = None,
    encoder_tokens: Sequence[str] | None = None,
    decoder_tokens: Sequence[str] | None = None,
    segments: Any = None,
    prettify: bool = True,
    layers: Sequence[int] | None = None,
    batch_index: int | None = None,
    name: str | None = None,
    **unknown: Any,
) -> Capture:
    """Make a capture of attention weights of any origin.

    Either `attentions` with `tokens`, or any of `encoder_attentions`, `decoder_attentions` and `cross_attentions` with
    the tokens that they need.

    Parameters
    ----------
    attentions
        Weights of a model with one attention: one array a layer, shape (1, heads, queries, keys) or
        (heads, queries, keys); torch tensors of any dtype on any device, NumPy arrays, or nested lists. Torch tensors
        and NumPy arrays are kept by reference. Layers may differ in their number of heads.
    tokens
        One string for each position.
    key_tokens
        The tokens of the key axis where they are not `tokens`.
    sentence_b_start
        First position of the second sentence of a pair, in `attentions` or `encoder_attentions`.
    encoder_attentions, decoder_attentions, cross_attentions
        As `attentions`; in cross-attention the queries are the decoder's and the keys the encoder's. They may differ
        in their number of layers.
    encoder_tokens, decoder_tokens
        The tokens of these.
    segments
        Named ranges of positions, `[(name, start, stop), ...]`, that can stand for their tokens. They are of `tokens`,
        or of the first tokens that are there; or of those that they are given for, such as
        `{"encoder_tokens": [...], "decoder_tokens": [...]}`.
    prettify
        Show tokens as text, see `headscope.tokens.prettify`; False shows them as given.
    layers
        Which layers to keep, zero-based; all where None. The numbers of the layers stay as they are.
    batch_index
        Which row of a batch to take; needed where there is more than one.
    name
        What people call the model.

    Raises
    ------
    ValueError
        Arguments that do not fit each other: the message says which, and what to give instead.
    TypeError
        An unknown keyword, or something that is no array or no token.
    IndexError
        `layers` or `batch_index` out of range.
    """
    reject_unknown("from_attentions", unknown, _keywords(from_attentions))
    given = Given(
        attentions,
        tokens,
        key_tokens,
        sentence_b_start,
        encoder_attentions,
        decoder_attentions,
        cross_attentions,
        encoder_tokens,
        decoder_tokens,
        prettify,
        batch_index,
        segments,
    )
    return Capture(keep_layers(given.maps(), layers), name or "attention")


def capture(
    model: Any,
    tokenizer: Any = None,
    text: Any = None,
    text_pair: str | None = None,
    *,
    inputs: Mapping[str, Any] | None = None,
    target: str | None = None,
    segments: Any = None,
    batch_index: int = 0,
    layers: Sequence[int] | None = None,
    keep_padding: bool = False,
    candidates: int | None = None,
    prettify: bool = True,
    name: str | None = None,
    offload: str | PathLike[str] | None = None,
    progress: bool | None = None,
    **unknown: Any,
) -> Capture:
    """Run a model once and capture its attention.

    The model runs with its fast attention kernel while the queries and keys of each layer are kept: memory grows with
    the number of tokens, not with its square, and exact weights are computed from them when asked for. It runs in
    evaluation mode, without dropout and without gradients. Afterwards everything about it is as before, whatever
    happened: its config, its modes, its hooks.

    Models that compute attention in code of their own run with eager attention, and their weights are kept:
    `Capture.report` says so.

    Parameters
    ----------
    model
        A transformers model, or a wrapper around one: compiled, quantised, with adapters. A `pipeline` stands for its
        model and tokenizer: `capture(pipeline, text)`.
    tokenizer
        Its tokenizer, or a processor that has one. Needed for `text`; with `inputs` it only names the tokens, without
        it they are their ids.
    text, text_pair
        The text, or the two texts of a pair. `text` may be the messages of a chat, such as
        `[{"role": "user", "content": "Hello"}]`, which the tokenizer's chat template makes a text of.
    inputs
        In place of text: what the model takes, such as `tokenizer(texts, padding=True, return_tensors="pt")` or
        `processor(images=image, return_tensors="pt")`. Tensors, arrays or lists.
    target
        For an encoder-decoder: what the decoder writes. By default the decoder inputs or labels among `inputs`, else
        what the model generates greedily, else the start token alone.
    segments
        Named parts of the text, which can stand for their tokens in a view (`merge_segments`) and in `segment_weights`:

        - `"sentences"`, `"paragraphs"` or `"lines"`: these of each text, or of each message of a chat; see
          `headscope.splitting` for the rules;
        - a list of markers, such as `["Document:", "Question:"]`: wherever one stands, a segment begins that is named
          after it. What is before the first is the segment `beginning`;
        - a list of `(name, start, stop)`: ranges of characters of `text`; of a chat, of the text that its template
          makes of it; with `inputs`, ranges of positions, padding that is not shown left aside;
        - `"messages"`: those of a chat, `system`, `user 1`, `assistant` and so on, each with all that the template
          puts around it. They are what a chat has where `segments` is None;
        - a mapping, for several texts: `{"text": "sentences", "text_pair": [("second", 0, 30)], "target": "lines"}`;
          with `inputs`, ranges for `"input_ids"` and `"decoder_input_ids"`;
        - `[]` for none.

        A token belongs to the segment of its first character that is in any, spaces around it left aside. Tokens of no
        segment, such as special tokens around a text, stay by themselves.
    batch_index
        Which row of a batch is captured. One capture holds one text.
    layers
        Which layers of each map to keep, zero-based; all where None. The numbers of the layers stay as they are.
    keep_padding
        Whether positions that the attention mask hides are shown; by default they are left out, queries and keys alike.
        A query that may see no key has weights of zero.
    candidates
        How many of the most probable next tokens to keep for each position, in `Capture.logits`; none where None.
    prettify
        Show tokens as text, see `headscope.tokens`; False shows them as the tokenizer's vocabulary writes them.
    name
        What people call the model; by default the name it was loaded by, or its class.
    offload
        `"disk"` writes queries and keys layer by layer to a temporary file, from which they are read when they are
        looked at, so that memory holds one layer at a time. It lies in Python's folder for temporary files, which
        TMPDIR sets; the path of a folder puts it there instead. Nothing of it is left when the capture is gone. None
        keeps them in memory, on the model's device. A model that returns its weights holds all of them until its pass
        is over.
    progress
        Whether a progress bar counts layers: True from the start, False never; None if it takes more than 2 seconds.

    Returns
    -------
    Capture
        With the maps `"self"`, or `"encoder"`, `"decoder"` and `"cross"`, or `"text"`, `"vision"`, `"audio"` and what
        is between them, `"resampler"` and `"other"`. Several towers of one kind, and layers that differ in their
        positions, are maps of their own with a number: `"vision 2"`. A text's placeholders of an image are named by the
        patches that they stand for, where the model says so: `image 3,5` is row 3, column 5.

    Raises
    ------
    ImportError
        torch or transformers is missing.
    ValueError
        A model that can't be captured, a text that does not fit it, or arguments that do not fit each other.
    TypeError
        An unknown keyword, or something of the wrong kind.
    IndexError
        `batch_index` or `layers` out of range.
    RuntimeError
        A capture inside another one.
    MemoryError
        What is to be kept would not fit into memory: said before the model runs, with its size.
    OSError
        With `offload`: the disk is too small, or the file can't be written.
    """
    reject_unknown("capture", unknown, _keywords(capture))
    need_transformers()
    if is_pipeline(model):
        model, tokenizer, text, text_pair = of_pipeline(model, tokenizer, text, text_pair)
    if (text is None) == (inputs is None):
        given = "neither text nor inputs were" if text is None else "both text and inputs were"
        raise ValueError(
            f"{given} given: call capture(model, tokenizer, text) or capture(model, tokenizer, inputs=batch)."
        )
    if text is None and text_pair is not None:
        raise ValueError("text_pair needs text: call capture(model, tokenizer, text, text_pair).")
    from headscope.capture.forward import Request, model_name, run

    layers = None if layers is None else check_chosen(layers)
    wanted = None if layers is None else frozenset(layers)
    model = getattr(model, "_orig_mod", model)  # a compiled model: the pass runs without its compiled graph
    request = Request(
        model,
        tokenizer,
        text,
        text_pair,
        inputs,
        target,
        batch_index,
        wanted,
        keep_padding,
        candidates,
        prettify,
        offload,
        progress,
        segments,
    )
    passed = run(request)
    maps = keep_layers([_map_of_parts(part) for part in passed.maps], layers)
    name = name or model_name(model)
    return Capture(maps, name, replace(passed.report, model=name), passed.candidates)


def is_pipeline(model: Any) -> bool:
    """Whether this is a transformers pipeline: it holds a model, and is none."""
    return hasattr(model, "model") and hasattr(model, "tokenizer") and hasattr(model, "preprocess")


def of_pipeline(pipeline: Any, *given: Any) -> tuple[Any, Any, Any, Any]:
    """Return the model, the tokenizer, the text and its pair of what was given with a pipeline.

    Its own tokenizer or processor is used; what follows the pipeline is the text, unless a tokenizer stands there.
    """
    processors = (getattr(pipeline, name, None) for name in ("processor", "tokenizer", "feature_extractor"))
    tokenizer = next((processor for processor in processors if processor is not None), None)
    texts = given if isinstance(given[0], (str, Sequence)) else (*given[1:], None)
    return pipeline.model, tokenizer, texts[0], texts[1]


def _keywords(call: Callable[..., Capture]) -> list[str]:
    return [name for name in inspect.signature(call).parameters if name != "unknown"]


def need_transformers() -> None:
    """Say what to install where torch or transformers is missing."""
    for package in ("torch", "transformers"):
        try:
            importlib.import_module(package)
        except ImportError as error:
            advice = 'pip install "headscope[transformers]"'
            raise ImportError(f"capture needs {package}: {advice}", name=package) from error


def _map_of_parts(part: MapParts) -> AttentionMap:
    return AttentionMap(
        part.name,
        part.records,
        part.queries.tokens,
        part.keys.tokens,
        query_special=part.queries.special,
        key_special=part.keys.special,
        query_words=part.queries.words,
        key_words=part.keys.words,
        sentence_b_start=part.queries.sentence_b_start if part.queries is part.keys else None,
        query_grid=part.queries.grid,
        key_grid=part.keys.grid,
        query_segments=part.queries.segments,
        key_segments=part.keys.segments,
    )
