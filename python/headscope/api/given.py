"""Captures from what others computed: `from_attentions`, `from_arrays` and `from_cache`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from headscope.api.capture_class import Capture
from headscope.data.capture import keep_layers
from headscope.data.report import Report, report_of_weights
from headscope.keywords import suggests_keywords
from headscope.sources.activation_cache import GivenCache
from headscope.sources.vectors import GivenVectors, need_torch
from headscope.sources.weights import GivenWeights


@suggests_keywords
def from_attentions(
    attentions: Any = None,
    tokens: Any = None,
    *,
    key_tokens: Any = None,
    sentence_b_start: int | None = None,
    encoder_attentions: Any = None,
    decoder_attentions: Any = None,
    cross_attentions: Any = None,
    encoder_tokens: Any = None,
    decoder_tokens: Any = None,
    segments: Any = None,
    prettify: bool = True,
    layers: Sequence[int] | None = None,
    batch_index: int | None = None,
    axes: str | Sequence[str] | None = None,
    name: str | None = None,
) -> Capture:
    """Make a capture from attention weights.

    Pass either `attentions` with `tokens`, or any of `encoder_attentions`, `decoder_attentions` and `cross_attentions`
    with the tokens of both sides. Weights below 0 or above 1 are kept as they are, and `Capture.report` names them.

    Parameters
    ----------
    attentions
        The weights of self-attention:

        - One array per layer in a list, tuple or iterator, each (1, heads, queries, keys), (heads, queries, keys), or
          (batch, heads, queries, keys) with `batch_index`. Layers may differ in their number of heads.
        - One array: (queries, keys) of one head, (heads, queries, keys) of one layer, or with more axes, see `axes`.
          With `batch_index`, the first of three axes is the batch, as in the output of `nn.MultiheadAttention`.
        - What a model returned as a whole; also what `generate(..., output_attentions=True,
          return_dict_in_generate=True)` returned, or its `attentions`, whose steps are put together: the rows of the
          prompt, then one row for each token that was read. Beams need the whole output.

        Torch tensors of any dtype on any device, arrays of NumPy, JAX, TensorFlow or SciPy, or nested lists. Torch
        tensors and NumPy arrays are kept by reference. A masked value is missing.
    tokens
        One string per position: strings, ids, which are shown as numbers, or an iterator of them. None (default) shows
        the number of each position. Tokens of a generation may include the last one, which no step read.
    key_tokens
        The tokens of the key axis; by default `tokens`.
    sentence_b_start
        The zero-based first position of the second sentence of a pair, in `attentions` or `encoder_attentions`.
    encoder_attentions, decoder_attentions, cross_attentions
        The weights of an encoder-decoder, in the form of `attentions`. The queries of cross-attention are the
        decoder's, its keys the encoder's. The three may differ in their number of layers.
    encoder_tokens, decoder_tokens
        The tokens of the encoder and of the decoder, in the form of `tokens`.
    segments
        Named ranges of positions, `[(name, start, stop), ...]`, which a view can show instead of tokens. A list applies
        to `tokens`, or else to the first tokens that were passed; a mapping names them, as in
        `{"encoder_tokens": [...], "decoder_tokens": [...]}`.
    prettify
        Whether to show tokens as readable text, see `headscope.text.tokens.prettify`. True by default; False shows
        them unchanged.
    layers
        The zero-based layers to keep; None (default) keeps all. Kept layers keep their numbers.
    batch_index
        The zero-based row of a batch, or of the generated sequences, to take; required if there is more than one.
    axes
        The names of the axes of each array, such as `"layer head query key"`, for a shape that has several readings or
        another order; `batch` is the fifth name, and a list counts as an axis. None (default) reads them from the
        shape, which raises an error if it is not certain.
    name
        The display name of the model; by default "given weights".

    Returns
    -------
    Capture
        With the map `"self"`, or those of `"encoder"`, `"decoder"` and `"cross"` that were passed.

    Raises
    ------
    ValueError
        Arguments do not fit each other, or a shape has several readings; the message says which, and what to pass.
    TypeError
        A keyword is unknown, or a value is not an array or not a token.
    IndexError
        `layers` or `batch_index` is out of range.
    """
    given = GivenWeights(
        attentions=attentions,
        tokens=tokens,
        key_tokens=key_tokens,
        sentence_b_start=sentence_b_start,
        encoder_attentions=encoder_attentions,
        decoder_attentions=decoder_attentions,
        cross_attentions=cross_attentions,
        encoder_tokens=encoder_tokens,
        decoder_tokens=decoder_tokens,
        segments=segments,
        prettify=prettify,
        batch_index=batch_index,
        axes=axes,
    )
    read, name = given.read(), name or "given weights"
    report = report_of_weights(name, read.maps, read.notes)
    return Capture(keep_layers(read.maps, layers), name, report, generation=read.generation)


@suggests_keywords
def from_arrays(
    q: Any,
    k: Any,
    v: Any = None,
    tokens: Any = None,
    *,
    key_tokens: Any = None,
    scale: float | Sequence[float] | None = None,
    mask: Any = None,
    causal: bool = False,
    softcap: float | None = None,
    segments: Any = None,
    prettify: bool = True,
    layers: Sequence[int] | None = None,
    batch_index: int | None = None,
    axes: str | Sequence[str] | None = None,
    name: str | None = None,
) -> Capture:
    """Make a capture from queries and keys, with exact weights, scores and the neuron view.

    The weights are `softmax(cap(q @ k.T * scale) + mask)`, computed in float32 when they are needed.

    Parameters
    ----------
    q, k
        Queries and keys after position encoding: (positions, head_dim) of one head, (heads, positions, head_dim) of one
        layer, (layers, heads, positions, head_dim), or one array per layer in a list. With `batch_index`, the first of
        three or four axes is the batch. Keys may have fewer heads than queries, which share them in order
        (grouped-query attention). Torch tensors, arrays of NumPy, JAX, TensorFlow, or nested lists; torch tensors and
        NumPy arrays are kept by reference.
    v
        Values, in the form of `k`. Only their numbers of heads and positions are checked, as no weight depends on them.
    tokens
        One string per query position: strings, ids, or an iterator of them. None (default) shows the number of each
        position.
    key_tokens
        The tokens of the keys; by default `tokens`.
    scale
        The factor of the products of queries and keys, or one for each layer; by default `head_dim ** -0.5`.
    mask
        Which keys each query may see: booleans or 0 and 1 as whole numbers, True or 1 where it may; or numbers that are
        added to scores, minus infinity where a key is hidden. Shape (keys,), (queries, keys), (heads, queries, keys),
        or four axes with layers, or the batch, first; or a list with one mask for each layer. `"causal"` is the same
        as `causal=True`. None (default) hides nothing.
    causal
        Whether each query sees the keys up to its own position. False by default.
    softcap
        The limit `c` of scores, `cap(x) = c * tanh(x / c)`; None (default) for none.
    segments
        Named ranges of positions, `[(name, start, stop), ...]`, as in `from_attentions`.
    prettify
        Whether to show tokens as readable text. True by default.
    layers
        The zero-based layers to keep; None (default) keeps all. Kept layers keep their numbers.
    batch_index
        The zero-based row of a batch to take; required if there is more than one.
    axes
        The names of the axes of `q`, `k` and `v`, such as `"batch position head dim"`, for another order; `layer` is
        the fifth name, and a list counts as an axis. None (default) reads them from the shape.
    name
        The display name of the model; by default "given queries and keys".

    Returns
    -------
    Capture
        With the map `"self"`.

    Raises
    ------
    ImportError
        torch is missing.
    ValueError
        Arguments do not fit each other, or a shape has several readings; the message says which, and what to pass.
    TypeError
        A keyword is unknown, or a value is not an array or not a token.
    IndexError
        `layers` or `batch_index` is out of range.
    """
    need_torch("from_arrays")
    if isinstance(v, str) or (isinstance(v, (list, tuple)) and any(isinstance(one, str) for one in v)):
        raise TypeError(
            "v holds strings: the third argument is v, the values of attention. Pass tokens by name, tokens=."
        )
    given = GivenVectors(
        q=q,
        k=k,
        v=v,
        tokens=tokens,
        key_tokens=key_tokens,
        scale=scale,
        mask=mask,
        causal=causal,
        softcap=softcap,
        segments=segments,
        prettify=prettify,
        batch_index=batch_index,
        axes=axes,
    )
    read, name = given.read(), name or "given queries and keys"
    return Capture(keep_layers([read.map], layers), name, Report(name, (read.report,), notes=read.notes))


@suggests_keywords
def from_cache(
    cache: Any,
    model: Any = None,
    tokens: Any = None,
    *,
    key_tokens: Any = None,
    prettify: bool = True,
    layers: Sequence[int] | None = None,
    batch_index: int | None = None,
    name: str | None = None,
) -> Capture:
    """Make a capture from an activation cache of TransformerLens.

    Weights are computed from the cache's queries and keys after position encoding, with the scale, softcap, window and
    ALiBi of the model. Each layer is compared with the cache's `hook_pattern`, and `Capture.report` gives the largest
    difference. A layer whose queries and keys do not give its pattern, for example because a hook changed it, shows the
    pattern itself.

    Parameters
    ----------
    cache
        The `ActivationCache` that `model.run_with_cache(tokens)` returned, or a dict of its activations.
    model
        The HookedTransformer or TransformerBridge; by default the cache's own.
    tokens
        The text that was run, its ids, or one string per position. None (default) takes the ids from the cache if it
        holds them, else shows the number of each position.
    key_tokens
        The tokens of the keys, if these are other positions than the queries.
    prettify
        Whether to show tokens as readable text. True by default.
    layers
        The zero-based layers to keep; None (default) keeps all. Kept layers keep their numbers.
    batch_index
        The zero-based row of a batch to take; required if there is more than one.
    name
        The display name of the model; by default that of the model's configuration.

    Returns
    -------
    Capture
        With the map `"self"`, or `"encoder"`, `"decoder"` and `"cross"`.

    Raises
    ------
    ImportError
        torch is missing.
    ValueError
        The cache has no attention, or arguments do not fit each other.
    TypeError
        `cache` is no cache, a keyword is unknown, or a value is not a token.
    IndexError
        `layers` or `batch_index` is out of range.
    """
    need_torch("from_cache")
    given = GivenCache(
        cache=cache, model=model, tokens=tokens, key_tokens=key_tokens, prettify=prettify, batch_index=batch_index
    )
    read, name = given.read(), name or given.model_name()
    return Capture(keep_layers(read.maps, layers), name, Report(name, tuple(read.reports), notes=tuple(read.notes)))
