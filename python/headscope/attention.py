"""Captures: all that one forward pass left, and the ways to make one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from headscope.arrays import array_records
from headscope.keywords import reject_unknown
from headscope.maps import AttentionMap, Record, keep_layers
from headscope.positions import Positions, check_position
from headscope.tokens import prettify as prettify_tokens
from headscope.tokens import special_positions

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from headscope.widgets import Selection, View

__all__ = ["AttentionMap", "Capture", "Record", "from_attentions"]


class Capture:
    """All that one forward pass left: its attention maps, and what shows them.

    Parameters
    ----------
    maps
        The attention maps, in the order in which they are offered.
    name
        What people call the model.

    Raises
    ------
    ValueError
        If there is no map.
    """

    def __init__(self, maps: Sequence[AttentionMap], name: str = "attention") -> None:
        if not maps:
            raise ValueError("a capture needs at least one attention map.")
        self.name = name
        self.maps: dict[str, AttentionMap] = {map_.name: map_ for map_ in maps}

    @property
    def nbytes(self) -> int:
        """How much memory the capture holds, in bytes."""
        return sum(map_.nbytes for map_ in self.maps.values())

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
        chosen = self._map(map)
        if check_position(layer, chosen.num_layers, "layer") not in chosen.layers:
            kept = ", ".join(str(kept) for kept in chosen.layers)
            raise ValueError(f"layer {layer} was left out: layers= kept {kept} of the {chosen.name!r} map.")
        block = chosen.block(layer, head, queries, keys)
        return block[tuple(0 if hasattr(one, "__index__") else slice(None) for one in (head, queries, keys))]

    def _map(self, name: str | None) -> AttentionMap:
        if name is None:
            return next(iter(self.maps.values()))
        if name not in self.maps:
            raise ValueError(f"there is no attention map {name!r}: this capture has {', '.join(map(repr, self.maps))}.")
        return self.maps[name]

    def head_view(self, **options: Any) -> View:
        """Show lines from queries to keys, a colour for each head. Options: see `headscope.widgets.head_view`."""
        from headscope.widgets import head_view

        return head_view(self, **options)

    def model_view(self, **options: Any) -> View:
        """Show every head of every layer as a thumbnail. Options: see `headscope.widgets.model_view`."""
        from headscope.widgets import model_view

        return model_view(self, **options)

    @property
    def selection(self) -> Selection:
        """Map, layer, heads and tokens that all views of this capture share; assigning one moves every view."""
        from headscope.widgets import selection_of

        return selection_of(self)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        from headscope.widgets import default_view

        return default_view(self)._repr_mimebundle_(**kwargs)

    def __repr__(self) -> str:
        maps = "; ".join(_describe(map_) for map_ in self.maps.values())
        return f"<Capture of {self.name}: {maps}; {readable_size(self.nbytes)}>"


def _describe(map_: AttentionMap) -> str:
    queries, keys = len(map_.query_tokens), len(map_.key_tokens)
    tokens = f"{queries} tokens" if queries == keys else f"{queries} x {keys} tokens"
    heads = sorted({record.num_heads for record in map_.records})
    many = f"{heads[0]}" if len(heads) == 1 else f"{heads[0]}-{heads[-1]}"
    return f"{map_.name}: {map_.num_layers} layers x {many} heads, {tokens}"


def readable_size(nbytes: int) -> str:
    """Write a size for people, in kB or MB (powers of 1000)."""
    return f"{nbytes / 1e3:.1f} kB" if nbytes < 1e6 else f"{nbytes / 1e6:.1f} MB"


SELF_KEYWORDS = ("attentions", "tokens", "key_tokens", "sentence_b_start")
MAP_KEYWORDS = (
    "encoder_attentions",
    "decoder_attentions",
    "cross_attentions",
    "encoder_tokens",
    "decoder_tokens",
)
COMMON_KEYWORDS = ("prettify", "layers", "batch_index", "name")


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
        First position of the second sentence of a pair.
    encoder_attentions, decoder_attentions, cross_attentions
        As `attentions`; in cross-attention the queries are the decoder's and the keys the encoder's. They may differ
        in their number of layers.
    encoder_tokens, decoder_tokens
        The tokens of these.
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
    reject_unknown("from_attentions", unknown, SELF_KEYWORDS + MAP_KEYWORDS + COMMON_KEYWORDS)
    _refuse_outputs(attentions)
    kinds = {"encoder": encoder_attentions, "decoder": decoder_attentions, "cross": cross_attentions}
    given = {kind: weights for kind, weights in kinds.items() if weights is not None}
    if attentions is not None:
        _refuse_mixture(given, encoder_tokens, decoder_tokens)
        axes = {"self": (("tokens", tokens), ("key_tokens", tokens if key_tokens is None else key_tokens))}
        given = {"self": attentions}
    else:
        _need_attentions(given, tokens, key_tokens, sentence_b_start)
        encoder, decoder = ("encoder_tokens", encoder_tokens), ("decoder_tokens", decoder_tokens)
        axes = {"encoder": (encoder, encoder), "decoder": (decoder, decoder), "cross": (decoder, encoder)}
    maps = [_map_of_arrays(kind, given[kind], axes[kind], prettify, sentence_b_start, batch_index) for kind in given]
    return Capture(keep_layers(maps, layers), name or "attention")


def _map_of_arrays(
    kind: str,
    weights: Any,
    axes: tuple[tuple[str, Sequence[str] | None], tuple[str, Sequence[str] | None]],
    prettify: bool,
    sentence_b_start: int | None,
    batch_index: int | None,
) -> AttentionMap:
    what = "attentions" if kind == "self" else f"{kind}_attentions"
    records = array_records(weights, what, batch_index)
    queries, keys = (_checked_tokens(tokens, argument, what) for argument, tokens in axes)
    for argument, tokens, size in (
        (axes[0][0], queries, records[0].num_queries),
        (axes[1][0], keys, records[0].num_keys),
    ):
        if len(tokens) != size:
            raise ValueError(
                f"{what} has {size} positions, but {argument} has {len(tokens)}: give one token for each position, "
                "special tokens and padding included."
            )
    return AttentionMap(
        kind,
        records,
        prettify_tokens(queries) if prettify else queries,
        prettify_tokens(keys) if prettify else keys,
        query_special=special_positions(queries),
        key_special=special_positions(keys),
        sentence_b_start=_checked_start(sentence_b_start, len(queries)),
    )


def _checked_tokens(tokens: Sequence[str] | None, argument: str, what: str) -> list[str]:
    if tokens is None:
        raise ValueError(f"{what} needs {argument}: one string for each position.")
    if isinstance(tokens, str):
        raise TypeError(f"{argument} must be a sequence of strings, one for each position, not one string.")
    for position, token in enumerate(tokens):
        if not isinstance(token, str):
            raise TypeError(
                f"{argument}[{position}] is {token!r} ({type(token).__name__}), not a string: turn ids into tokens "
                "with tokenizer.convert_ids_to_tokens(ids)."
            )
    return list(tokens)


def _checked_start(start: int | None, size: int) -> int | None:
    if start is None:
        return None
    if isinstance(start, bool) or not hasattr(start, "__index__"):
        raise TypeError(f"sentence_b_start must be a position (an integer), not {start!r}.")
    if not 0 < start < size:
        raise ValueError(
            f"sentence_b_start is {start}: with {size} tokens the second sentence starts from 1 to {size - 1}."
        )
    return int(start)


def _refuse_outputs(attentions: Any) -> None:
    if hasattr(attentions, "attentions") or hasattr(attentions, "encoder_attentions"):
        raise TypeError(
            f"attentions is a whole {type(attentions).__name__}: pass its attentions, such as outputs.attentions."
        )


def _refuse_mixture(given: Mapping[str, Any], *tokens: Sequence[str] | None) -> None:
    others = [f"{kind}_attentions" for kind in given]
    others += [
        name for name, value in zip(("encoder_tokens", "decoder_tokens"), tokens, strict=True) if value is not None
    ]
    if others:
        raise ValueError(
            f"attentions was given together with {', '.join(others)}: give attentions and tokens for a model with one "
            "attention, or the encoder, decoder and cross arguments for an encoder-decoder, not both."
        )


def _need_attentions(given: Mapping[str, Any], *self_arguments: Any) -> None:
    if not given:
        raise ValueError(
            "no attention was given: pass attentions and tokens, or any of encoder_attentions, decoder_attentions and "
            "cross_attentions with their tokens. hs.capture(model, tokenizer, text) gets them from a model."
        )
    named = zip(SELF_KEYWORDS[1:], self_arguments, strict=True)
    mixed = [name for name, value in named if value is not None]
    if mixed:
        raise ValueError(
            f"{', '.join(mixed)} can't go with {', '.join(f'{kind}_attentions' for kind in given)}: an encoder-decoder "
            "takes encoder_tokens and decoder_tokens."
        )
