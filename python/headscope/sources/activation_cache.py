"""Captures from activation caches of TransformerLens: of its HookedTransformer and of its TransformerBridge.

Source of the names: https://transformerlensorg.github.io/TransformerLens/. Queries and keys are those after position
encoding, `hook_rot_q` and `hook_rot_k`, else `hook_q` and `hook_k`, shape (batch, positions, heads, head_dim); weights
are `hook_pattern`, shape (batch, heads, queries, keys).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from headscope.data.arrays import ArrayRecord, is_tensor
from headscope.data.attention_map import AttentionMap
from headscope.data.layers import MissingLayer, Record, VectorRecord
from headscope.data.report import MapReport
from headscope.sources.axes import batch_row
from headscope.sources.tokens import check_length, read_tokens
from headscope.text.tokens import TokenRow, read_ids, read_names

if TYPE_CHECKING:
    from headscope.tracing.fit_rules import Guesses

HOOK = re.compile(r"(?P<module>(?P<stack>.*?)\.?(?P<layer>\d+)\.(?P<part>\w*att\w*))\.hook_(?P<hook>\w+)")
HOOKS = ("rot_q", "rot_k", "q", "k", "attn_scores", "pattern")
IDS = "embed.hook_in"
"""Where a bridge's cache has the ids of the tokens."""

NEEDED = "run_with_cache(tokens) keeps all activations; with names_filter, keep hook_q, hook_k and hook_pattern."


@dataclass
class CachedLayer:
    """The activations of one attention module."""

    module: str
    hooks: dict[str, Any] = field(default_factory=dict)

    @property
    def is_rotated(self) -> bool:
        """Whether there are queries and keys after rotation."""
        return {"rot_q", "rot_k"} <= set(self.hooks)


@dataclass(frozen=True, kw_only=True)
class GivenCache:
    """The arguments of `headscope.from_cache`, whose docstring explains them."""

    cache: Any
    model: Any = None
    tokens: Any = None
    key_tokens: Any = None
    prettify: bool = True
    batch_index: int | None = None

    def read(self) -> CachedMaps:
        """Return the attention maps; raise ValueError, TypeError or IndexError if the cache has no attention."""
        stacks = _stacks(_activations(self.cache))
        found = CachedMaps()
        for name, layers in stacks.items():
            self._add_map(found, name, layers)
        return found

    def _add_map(self, found: CachedMaps, name: str, layers: dict[int, CachedLayer]) -> None:
        reader = LayerReader(self._model(), self.batch_index, found)
        records = {number: reader.record(layer, number) for number, layer in sorted(layers.items())}
        first = next(iter(records.values()))
        for number, record in records.items():
            if (record.num_queries, record.num_keys) != (first.num_queries, first.num_keys):
                raise ValueError(
                    f"{layers[number].module} has {record.num_queries} x {record.num_keys} positions, but another "
                    f"layer has {first.num_queries} x {first.num_keys}: pass a cache of one run."
                )
        total = max(max(records) + 1, self._num_layers() if name == "self" else 0)
        missing = MissingLayer(first.num_heads, first.num_queries, first.num_keys)
        queries = self._names(name, "tokens", first.num_queries, "query")
        square = first.num_keys == first.num_queries
        keys = queries if square and self.key_tokens is None else self._names(name, "key_tokens", first.num_keys, "key")
        found.maps.append(
            AttentionMap(
                name=name,
                records=[records.get(number, missing) for number in range(total)],
                query_tokens=queries.texts,
                key_tokens=keys.texts,
                query_special=queries.special,
                key_special=keys.special,
                query_words=queries.words,
                key_words=keys.words,
            )
        )
        found.reports.append(_report(name, list(records.values()), total, [layer.module for layer in layers.values()]))
        found.notes += reader.notes(name)

    def _model(self) -> Any:
        return getattr(self.cache, "model", None) if self.model is None else self.model

    def model_name(self) -> str:
        """Return the name of the model in its configuration, or "activation cache"."""
        return str(getattr(getattr(self._model(), "cfg", None), "model_name", None) or "activation cache")

    def _num_layers(self) -> int:
        return int(getattr(getattr(self._model(), "cfg", None), "n_layers", 0) or 0)

    def _names(self, map_name: str, argument: str, size: int, axis: str) -> TokenRow:
        given, tokenizer = getattr(self, argument), getattr(self._model(), "tokenizer", None)
        if given is None and argument == "tokens" and map_name == "self":
            given = self._ids(size)
        if isinstance(given, str):
            given = self._of_text(argument, given)
        tokens = read_tokens(argument, given, self.batch_index)
        if tokens is None:
            return TokenRow([str(position) for position in range(size)], (), None)
        check_length(argument, tokens, f"the cache's {map_name!r} map", size, axis)
        if tokenizer is not None and all(token.isdecimal() for token in tokens) and not _has_strings(given):
            return read_ids(tokenizer, [int(token) for token in tokens], self.prettify)
        return read_names(tokens, self.prettify)

    def _ids(self, size: int) -> Any:
        """Return the ids that the cache holds, if it does."""
        ids = _activations(self.cache).get(IDS)
        if ids is None or not is_tensor(ids) or ids.is_floating_point() or ids.dim() not in (1, 2):
            return None
        of_batch = ids.dim() == 2 and self.batch_index is None and len(ids) > 1
        return None if of_batch or ids.shape[-1] != size else ids

    def _of_text(self, argument: str, text: str) -> Any:
        if not hasattr(self._model(), "to_str_tokens"):
            raise TypeError(f"{argument} is a text, but there is no model to split it: pass model, or the tokens.")
        return self._model().to_str_tokens(text)


@dataclass
class CachedMaps:
    """The attention maps that were read from a cache, and how."""

    maps: list[AttentionMap] = field(default_factory=list)
    reports: list[MapReport] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def _has_strings(given: Any) -> bool:
    return isinstance(given, (list, tuple)) and any(isinstance(token, str) for token in given)


def _activations(cache: Any) -> Mapping[str, Any]:
    """Return the activations by name."""
    activations = getattr(cache, "cache_dict", cache)
    if not isinstance(activations, Mapping):
        raise TypeError(
            f"cache is a {type(cache).__name__}, not an ActivationCache: pass the second value of "
            "model.run_with_cache(tokens)."
        )
    return activations


def _stacks(activations: Mapping[str, Any]) -> dict[str, dict[int, CachedLayer]]:
    """Return the attention modules by map and layer.

    Raises
    ------
    ValueError
        There are none.
    """
    found: defaultdict[str, dict[int, CachedLayer]] = defaultdict(dict)
    for name, value in activations.items():
        match = HOOK.fullmatch(str(name))
        if match is None or match["hook"] not in HOOKS:
            continue
        layers = found[_map_name(match["stack"], match["part"])]
        layer = layers.setdefault(int(match["layer"]), CachedLayer(match["module"]))
        layer.hooks[match["hook"]] = value
    found = defaultdict(dict, {name: layers for name, layers in found.items() if layers})
    if not found:
        names = ", ".join(map(str, list(activations)[:4])) or "nothing"
        raise ValueError(f"the cache has no attention: it has {names}. {NEEDED}")
    return found


def _map_name(stack: str, part: str) -> str:
    if "cross" in part:
        return "cross"
    if "decoder" in stack:
        return "decoder"
    if "encoder" in stack:
        return "encoder" if "vision" not in stack else "vision"
    return "self"


def _report(name: str, records: Sequence[Record], total: int, modules: Sequence[str]) -> MapReport:
    vectors = [record for record in records if isinstance(record, VectorRecord)]
    return MapReport(
        name=name,
        tier=None,
        num_layers=total,
        num_heads=tuple(sorted({record.num_heads for record in records})),
        num_kv_heads=tuple(sorted({record.num_kv_heads for record in vectors})),
        modules=tuple(modules),
    )


class LayerReader:
    """Reads the layers of one map, and keeps what a report says about them."""

    def __init__(self, model: Any, batch_index: int | None, found: CachedMaps) -> None:
        self.model = model
        self.batch_index = batch_index
        self.found = found
        self.differences: list[float] = []
        self.unproved: list[int] = []
        self.patterns: list[int] = []

    def record(self, layer: CachedLayer, number: int) -> Record:
        """Return the record of a layer: of its queries and keys if they give its weights, else of its weights."""
        from headscope.tracing.fit_rules import fit_rules, guessed

        query, key = self._vectors(layer, "q"), self._vectors(layer, "k")
        weights = self._weights(layer, "pattern")
        if query is None or key is None:
            if weights is None:
                raise ValueError(f"the cache has neither {layer.module}.hook_pattern nor queries and keys. {NEEDED}")
            return ArrayRecord(weights, layer.module)
        guesses = self._guesses(layer, number, query, key)
        if weights is None:
            self._check_known(layer, int(key.shape[1]))
            self.unproved.append(number)
            return guessed(query, key, guesses, layer.module)
        # Where positions are rotated, what scores have more than unrotated products is no bias.
        is_rotary = self._kind() in ("rotary", None)
        scores = None if is_rotary else self._weights(layer, "attn_scores")
        fit = fit_rules(query, key, weights, scores, guesses, layer.module)
        if fit is None:
            self.patterns.append(number)
            return ArrayRecord(weights, layer.module)
        self.differences.append(fit.difference)
        return fit.record

    def notes(self, name: str) -> list[str]:
        """Return what a report says about the map."""
        notes = []
        if self.differences:
            notes.append(
                f"Weights of the {name!r} map are computed from queries and keys; the largest difference from the "
                f"cache's patterns is {max(self.differences):.1g}."
            )
        if self.patterns:
            notes.append(
                f"Layers of the {name!r} map that show the cache's patterns, because its queries and keys do not give "
                f"them: {', '.join(map(str, self.patterns))}."
            )
        if self.unproved:
            notes.append(
                f"The cache has no patterns for layers {', '.join(map(str, self.unproved))} of the {name!r} map: "
                "scale, softcap and mask are those of the model's configuration, unchecked."
            )
        return notes

    def _check_known(self, layer: CachedLayer, num_keys: int) -> None:
        """Refuse a layer without weights if its scores need more than the cache and the model tell."""
        lacking, original = "", getattr(self._module(layer), "original_component", None)
        window = getattr(getattr(original, "config", None), "sliding_window", None)
        if self._config() is None:
            lacking = "does not tell the scale and the mask of {module}, and there is no model: pass model, or keep"
        elif self._kind() == "rotary" and not layer.is_rotated:
            lacking = "has {module} before the rotation of its vectors: keep hook_rot_q and hook_rot_k, or"
        elif self._kind() == "relative_positional_bias":
            lacking = "lacks the position bias of {module}: keep"
        elif isinstance(window, int) and window < num_keys and not hasattr(original, "sliding_window"):
            lacking = "does not tell whether {module} has a window: keep"
        if lacking:
            raise ValueError(f"the cache {lacking.format(module=layer.module)} hook_pattern in names_filter.")

    def _kind(self) -> str | None:
        return getattr(self._config(), "positional_embedding_type", None)

    def _vectors(self, layer: CachedLayer, which: str) -> Any:
        """Return queries or keys, shape (heads, positions, head_dim); None if the cache lacks them."""
        hook = f"rot_{which}" if layer.is_rotated else which
        value = layer.hooks.get(hook)
        if value is None:
            return None
        row = self._row(value, f"{layer.module}.hook_{hook}", 3)
        return None if row is None else row.transpose(0, 1)

    def _weights(self, layer: CachedLayer, hook: str) -> Any:
        value = layer.hooks.get(hook)
        return None if value is None else self._row(value, f"{layer.module}.hook_{hook}", 3)

    def _row(self, value: Any, what: str, axes: int) -> Any:
        """Return the chosen text of an activation, with or without a batch axis; None for another form."""
        if not is_tensor(value):
            raise TypeError(f"{what} is a {type(value).__name__}, not a tensor.")
        value = value.detach()
        if value.dim() == axes + 1:
            return value[batch_row(int(value.shape[0]), "the cache", self.batch_index)]
        if value.dim() != axes and what.endswith("pattern"):
            raise ValueError(f"{what} has shape {tuple(value.shape)}: weights are (batch, heads, queries, keys).")
        return value if value.dim() == axes else None

    # What the model's configuration and modules say

    def _config(self) -> Any:
        return getattr(self.model, "cfg", None)

    def _guesses(self, layer: CachedLayer, number: int, query: Any, key: Any) -> Guesses:
        from headscope.tracing.fit_rules import Guesses, alibi_slopes, window_mask

        config, module = self._config(), self._module(layer)
        original = getattr(module, "original_component", None)
        causal = getattr(config, "attention_dir", "causal") == "causal" and not layer.module.endswith("cross_attn")
        windows = [getattr(original, "sliding_window", None), self._window(number)]
        sizes = int(query.shape[1]), int(key.shape[1])
        known = [window if isinstance(window, int) and window > 0 else None for window in windows]
        visible = [
            window_mask(*sizes, window, causal=causal, device=query.device)
            for window in dict.fromkeys(sorted(known, key=lambda window: window is None))
        ]
        alibi = self._kind() == "alibi"
        return Guesses(
            scalings=self._scalings(number, int(query.shape[2]), original),
            softcaps=self._softcaps(original),
            visible=visible,
            slopes=alibi_slopes(int(query.shape[0])).to(query.device) if alibi else None,
        )

    def _module(self, layer: CachedLayer) -> Any:
        module = self.model
        for name in layer.module.split("."):
            is_number = name.isdecimal() and hasattr(module, "__getitem__")
            module = module[int(name)] if is_number else getattr(module, name, None)
        return module

    def _window(self, number: int) -> int | None:
        config = self._config()
        kinds = getattr(config, "attn_types", None) or ()
        is_local = getattr(config, "use_local_attn", True) and number < len(kinds) and kinds[number] == "local"
        return getattr(config, "window_size", None) if is_local else None

    def _scalings(self, number: int, head_dim: int, original: Any) -> list[float]:
        config, usual = self._config(), float(head_dim**-0.5)
        found = [getattr(original, "scaling", None)]
        divisor = getattr(config, "attn_scale", None)
        if not getattr(config, "use_attn_scale", True):
            found.append(1.0)
        elif isinstance(divisor, (int, float)) and divisor > 0:
            found.append(1 / float(divisor))
        scalings = [float(scale) for scale in [*found, usual, 1.0] if isinstance(scale, (int, float))]
        if getattr(config, "scale_attn_by_inverse_layer_idx", False):
            return [*(scale / (number + 1) for scale in scalings), *scalings]
        return scalings

    def _softcaps(self, original: Any) -> list[float | None]:
        found = [
            getattr(original, "attn_logit_softcapping", None),
            getattr(self._config(), "attn_scores_soft_cap", None),
        ]
        return [*(float(cap) for cap in found if isinstance(cap, (int, float)) and cap > 0), None]
