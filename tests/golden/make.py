"""Make the golden files: captures of tiny random models, and the weights that every reader must find in them.

    PYTHONPATH=python:tests/tracing python tests/golden/make.py

`NAME.attn.safetensors` is written by `Capture.save`. `NAME.expected.safetensors` has a tensor `MAP.LAYER` for each kept
layer, F32 `[heads, queries, keys]`: the weights of the model's own eager attention, unless the function that makes it
says otherwise. Readers must agree with it within 1e-5; NaN is a missing weight.

`NAME.pooled.safetensors`, which some files have, holds excerpts and tiles of these weights, computed by their
definitions. Its metadata gives the request for each tensor, F32 `[heads, ...]`.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit
from tokenizers.processors import TemplateProcessing
from torch import Tensor
from transformers import PreTrainedTokenizerFast
from transformers.models.swin.modeling_swin import window_partition

import headscope as hs
from headscope.data.attention_map import AttentionMap
from headscope.data.grouping import Groups
from headscope.files import save as saving
from headscope.tracing.qk.masks import compact
from headscope.tracing.qk.record import QKRecord
from headscope.tracing.qk.tensors import Rules
from zoo.eager import eager_outputs, eager_weights
from zoo.models import BART, GROUPED, LATENT_SPARSE, SWIN, T5, TINY, ZOO, Animal, build, inputs_of, random_ids

if TYPE_CHECKING:
    from numpy.typing import NDArray

FOLDER = Path(__file__).parent
MAX_BYTES = 60_000

SMALL = dict(GROUPED, num_hidden_layers=2)
LENGTH = 10

Golden = tuple[hs.Capture, dict[str, Tensor]]


def causal() -> Golden:
    """Grouped-query attention with rotary positions: Llama."""
    return of_outputs(build(Animal("llama", SMALL)), {"input_ids": random_ids(1, LENGTH)})


def padding() -> Golden:
    """Kept padding before a causal text: its queries see no key; eager attention would spread over all keys."""
    mask = torch.ones(1, LENGTH, dtype=torch.long)
    mask[0, :3] = 0
    inputs = {"input_ids": random_ids(1, LENGTH), "attention_mask": mask}
    capture, expected = of_outputs(build(Animal("llama", SMALL)), inputs, keep_padding=True)
    for weights in expected.values():
        weights[:, :3] = 0
    return capture, expected


def softcap() -> Golden:
    """A softcap and a sliding window: Gemma 2."""
    config = dict(SMALL, sliding_window=4, attn_logit_softcapping=2.0, query_pre_attn_scalar=8)
    return of_outputs(build(Animal("gemma2", config, spread=1.0)), {"input_ids": random_ids(1, LENGTH)})


def sinks() -> Golden:
    """Attention sinks, with a sliding window in every other layer: GPT-OSS."""
    config = dict(SMALL, sliding_window=4, num_local_experts=2, num_experts_per_tok=1)
    model = build(Animal("gpt_oss", config))
    with torch.no_grad():
        for layer in model.layers:
            layer.self_attn.sinks.normal_(0, 2, generator=torch.Generator().manual_seed(3))
    return of_outputs(model, {"input_ids": random_ids(1, LENGTH)})


def overviews() -> Golden:
    """More tokens than an overview has bins, with a sliding window: Mistral."""
    config = dict(SMALL, num_hidden_layers=1, num_attention_heads=2, num_key_value_heads=1, sliding_window=24)
    model = build(Animal("mistral", dict(config, max_position_embeddings=128)))
    return of_outputs(model, {"input_ids": random_ids(1, 70)})


def t5() -> Golden:
    """Biases by distance, in the encoder and the decoder: T5."""
    config = dict(T5, num_layers=2)
    return of_outputs(build(Animal("t5", config, "pair")), inputs_of(Animal("t5", config, "pair"), length=LENGTH))


def alibi() -> Golden:
    """A bias per head that decreases with distance (ALiBi, Press et al. 2022), passed as a mask: Llama."""
    slopes = 2.0 ** -torch.arange(2, 10, 2)
    at = torch.arange(LENGTH)
    distance = (at - at[:, None]).float()  # (Q, K)
    added = (slopes[:, None, None] * distance).masked_fill(distance > 0, torch.finfo().min)
    inputs = {"input_ids": random_ids(1, LENGTH), "attention_mask": added[None]}
    return of_outputs(build(Animal("llama", SMALL)), inputs)


def distance() -> Golden:
    """One bias for all heads, in both directions: BERT with a mask that hides nothing."""
    at = torch.arange(LENGTH)
    inputs = {"input_ids": random_ids(1, LENGTH), "attention_mask": -0.4 * (at - at[:, None] - 2).abs()[None, None]}
    return of_outputs(build(Animal("bert", dict(TINY, num_hidden_layers=2))), inputs)


def table() -> Golden:
    """A table per head, added to the scores; it hides different keys in each head, which no interval can describe."""
    generator = torch.Generator().manual_seed(4)
    added = torch.randn(1, 4, LENGTH, LENGTH, generator=generator)
    hidden = (torch.rand(1, 4, LENGTH, LENGTH, generator=generator) < 0.3) & ~torch.eye(LENGTH, dtype=torch.bool)
    inputs = {"input_ids": random_ids(1, LENGTH), "attention_mask": added.masked_fill(hidden, torch.finfo().min)}
    return of_outputs(build(Animal("llama", SMALL)), inputs)


def exceptions() -> Golden:
    """Masks that no interval can describe: each query of DeepSeek V3.2 selects its keys."""
    config = dict(LATENT_SPARSE, num_hidden_layers=2)
    return of_modules(build(Animal("deepseek_v32", config)), {"input_ids": random_ids(1, LENGTH)})


def pair() -> Golden:
    """Two sentences and kept padding: BERT. Some tokens would be markup in a page."""
    words = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "the", "cat", "sat", "<script>alert(1)</script>", "&amp;", "Ä🐈"]
    backend = Tokenizer(WordLevel({word: id_ for id_, word in enumerate(words)}, unk_token="[UNK]"))
    backend.pre_tokenizer = WhitespaceSplit()
    backend.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    tokenizer = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=backend, pad_token="[PAD]", cls_token="[CLS]", sep_token="[SEP]", unk_token="[UNK]"
    )
    texts = ["the cat sat", "<script>alert(1)</script> the &amp; Ä🐈"]
    inputs = tokenizer([texts[0]], [texts[1]], padding="max_length", max_length=12, return_tensors="pt")
    model = build(Animal("bert", dict(TINY, num_hidden_layers=2)))
    return of_outputs(model, dict(inputs), inputs, tokenizer=tokenizer, keep_padding=True)


def cross() -> Golden:
    """An encoder-decoder: BART."""
    config = dict(BART, decoder_layers=2)
    return of_outputs(build(Animal("bart", config)), inputs_of(Animal("bart", config, "pair"), length=LENGTH))


def weights() -> Golden:
    """A model that returns weights only, without queries and keys: GPT-Neo."""
    neo = next(animal for animal in ZOO if animal.kind == "gpt_neo")
    return of_outputs(build(neo), {"input_ids": random_ids(1, LENGTH)})


def given() -> Golden:
    """Made-up weights in half precision, some missing, with different numbers of heads per layer."""
    layers = [
        torch.rand(heads, 6, 4, generator=torch.Generator().manual_seed(heads)).softmax(-1).to(dtype)
        for heads, dtype in ((2, torch.float16), (3, torch.bfloat16), (1, torch.float32))
    ]
    layers[0][0, 1] = torch.nan
    layers[2][0, 2, 3] = torch.inf
    capture = hs.from_attentions(layers, list("abcdef"), key_tokens=list("wxyz"), name="given")
    expected = {f"self.{number}": layer.float() for number, layer in enumerate(layers)}
    return capture, {name: layer.masked_fill(layer.isinf(), torch.nan) for name, layer in expected.items()}


def pieces() -> Golden:
    """Shifted windows of an image that reach beyond its borders: Swin."""
    config = dict(SWIN, image_size=12, depths=[2], num_heads=[2], window_size=4)
    return of_windows(Animal("swin", config, "pixels"))


def pieces_of_weights() -> Golden:
    """The same with weights only: Swin V2."""
    config = dict(SWIN, image_size=12, depths=[2], num_heads=[2], window_size=4)
    return of_windows(Animal("swinv2", config, "pixels"))


def missing() -> Golden:
    """One layer of three."""
    model = build(Animal("llama", dict(SMALL, num_hidden_layers=3)))
    capture, expected = of_outputs(model, {"input_ids": random_ids(1, LENGTH)}, layers=[1])
    return capture, {"self.1": expected["self.1"]}


def wide() -> Golden:
    """More keys than two tiles hold; each query sees some of them. The expected weights are computed in float64."""
    queries, keys = (made_up(5, heads, size, 8) for heads, size in ((2, 6), (1, 600)))
    at, to = torch.arange(6)[:, None], torch.arange(600)
    seen = (to >= 40 * at) & (to < 300 + 60 * at)
    record = QKRecord(queries, keys, Rules(0.7, visible=compact(seen)))
    tokens = [f"q{n}" for n in range(6)], [f"k{n}" for n in range(600)]
    scores = (queries.double() @ keys.double().transpose(1, 2) * 0.7).masked_fill(~seen, -torch.inf)
    return hs.Capture([AttentionMap("cross", [record], *tokens)], "wide"), {"cross.0": scores.softmax(-1).float()}


def made_up(seed: int, *shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)) * 1.5


def generation() -> Golden:
    """A generated text with next-token candidates: Llama with a vocabulary."""
    model = build(Animal("llama", SMALL, auto="AutoModelForCausalLM"))
    prompt = {"input_ids": random_ids(1, 5)}
    capture = hs.capture_generation(model, inputs=prompt, max_new_tokens=5, do_sample=False, candidates=3, name="tiny")
    ids = [[int(token) for token in capture.maps["self"].query_tokens]]
    return capture, expected_of(capture, eager_outputs(model, {"input_ids": torch.tensor(ids)}))


def segments() -> Golden:
    """Segments, some tokens outside of them, and a name that would be markup in a page."""
    named = [("system", 1, 4), ("<script>alert(1)</script>", 4, 6), ("Ä🐈", 8, 10)]
    return of_outputs(build(Animal("llama", SMALL)), {"input_ids": random_ids(1, LENGTH)}, segments=named)


def bfloat16() -> Golden:
    """Queries and keys in bfloat16. The expected weights are computed in float64, because eager attention rounds."""
    return of_half(torch.bfloat16)


def float16() -> Golden:
    """The same in float16."""
    return of_half(torch.float16)


def of_half(dtype: torch.dtype) -> Golden:
    model = build(Animal("llama", SMALL), dtype)
    capture = hs.capture(model, inputs={"input_ids": random_ids(1, LENGTH)}, name="tiny")
    later = torch.ones(LENGTH, LENGTH, dtype=torch.bool).triu(1)
    expected = {}
    for layer in range(2):
        queries, keys = (torch.from_numpy(part(layer)).double() for part in (capture.queries, capture.keys))
        scores = queries @ keys.transpose(1, 2) * model.layers[layer].self_attn.scaling
        expected[f"self.{layer}"] = scores.masked_fill(later, -torch.inf).softmax(-1).float()
    return capture, expected


def of_outputs(model: Any, inputs: dict[str, Tensor], given: Any = None, **options: Any) -> Golden:
    """Return a capture, and the weights that the model returns with eager attention."""
    capture = hs.capture(model, inputs=given or inputs, name="tiny", **options)
    return capture, expected_of(capture, eager_outputs(model, inputs))


def expected_of(capture: hs.Capture, returned: list[Tensor]) -> dict[str, Tensor]:
    places = [f"{map_.name}.{layer}" for map_ in capture.maps.values() for layer in range(map_.num_layers)]
    return {place: layer[0].float() for place, layer in zip(places, returned, strict=True)}


def of_modules(model: Any, inputs: dict[str, Tensor]) -> Golden:
    """Return a capture, and the weights that the model's modules compute with eager attention."""
    capture = hs.capture(model, inputs=inputs, name="tiny")
    return capture, expected_of(capture, [calls[0] for calls in eager_weights(model, inputs).values()])


def of_windows(animal: Animal) -> Golden:
    """Return a capture of an image in windows, and the weights of all windows at their places in the image."""
    model, inputs = build(animal), inputs_of(animal)
    capture = hs.capture(model, inputs=inputs, name="tiny")
    seen = [calls[0] for calls in eager_weights(model, inputs).values()] or windows_of(model, inputs)
    size = model.embeddings.patch_grid[0]
    shifts = [layer.shift_size for stage in model.encoder.layers for layer in stage.blocks]
    placed = [in_image(weights, size, int(np.max(shift))) for weights, shift in zip(seen, shifts, strict=True)]
    return capture, {f"self.{number}": layer for number, layer in enumerate(placed)}


def windows_of(model: Any, inputs: dict[str, Tensor]) -> list[Tensor]:
    """Return the weights of every window of every layer that the modules of Swin V2 return."""
    found: list[Tensor] = []
    hooks = [
        layer.attention.self.register_forward_hook(lambda _module, _inputs, output: found.append(output[1]))
        for stage in model.encoder.layers
        for layer in stage.blocks
    ]
    eager_outputs(model, inputs)
    for hook in hooks:
        hook.remove()
    return found


def in_image(weights: Tensor, size: int, shift: int, window: int = 4) -> Tensor:
    """Turn weights of windows, shape (windows, heads, patches, patches), into weights between patches of the image."""
    image = torch.arange(size * size).view(1, size, size, 1)
    beyond = -size % window
    image = torch.nn.functional.pad(image, (0, 0, 0, beyond, 0, beyond), value=-1).roll((-shift, -shift), (1, 2))
    places = window_partition(image, window).view(len(weights), -1)  # type: ignore[no-untyped-call]
    result = torch.zeros(weights.shape[1], size * size, size * size)
    for part, place in zip(weights.float(), places, strict=True):
        real = place >= 0
        at = place[real]
        result[:, at[:, None], at] = part[:, real][:, :, real]
    return result


def excerpt(place: str, queries: Groups, keys: Groups, without_sink: bool = False) -> dict[str, Any]:
    map_, layer = place.rsplit(".", 1)
    groups = {"queries": queries, "keys": keys, "without_sink": without_sink}
    return {"kind": "excerpt", "map": map_, "layer": int(layer), **groups}


def tile(place: str, level: int, row: int, column: int, pool: str) -> dict[str, Any]:
    map_, layer = place.rsplit(".", 1)
    return {
        "kind": "tile",
        "map": map_,
        "layer": int(layer),
        "level": level,
        "row": row,
        "column": column,
        "pool": pool,
    }


POOLED: dict[str, list[dict[str, Any]]] = {
    "overviews": [
        excerpt("self.0", [[0, 1], [1, 2], [20, 40, 50, 70]], [[1, 3], [10, 60], [61, 62, 65, 70]], without)
        for without in (False, True)
    ],
    "wide": [
        excerpt("cross.0", [[0, 1], [2, 3, 4, 6]], [[0, 250], [251, 252], [252, 300, 400, 600]]),
        tile("cross.0", 0, 0, 1, "max"),
        tile("cross.0", 0, 0, 2, "mean"),
        *(tile("cross.0", level, 0, 0, pool) for level in (1, 2) for pool in ("max", "mean")),
        tile("cross.0", 1, 0, 1, "mean"),
    ],
    "given": [
        excerpt("self.0", [[0, 1], [1, 2], [2, 6]], [[0, 2], [3, 4]]),
        *(tile("self.0", 0, 0, 0, pool) for pool in ("max", "mean")),
    ],
}
"""Further expectations of some files: excerpts and tiles."""


def pooled(weights: NDArray[np.float64], wanted: dict[str, Any]) -> NDArray[np.float64]:
    """Return an excerpt or a tile of weights of shape (heads, queries, keys), computed by its definition."""
    if wanted["kind"] == "tile":
        return tile_of(weights, wanted)
    if wanted["without_sink"]:
        rest = weights[..., 1:].sum(-1, keepdims=True)
        weights = weights / np.where(rest > 0, rest, 1)
    members = [[np.r_[tuple(map(slice, of[::2], of[1::2]))] for of in wanted[axis]] for axis in ("queries", "keys")]
    rows = np.stack([weights[:, group].mean(1) for group in members[0]], 1)
    return np.stack([rows[..., group].sum(-1) for group in members[1]], 2)


def tile_of(weights: NDArray[np.float64], wanted: dict[str, Any]) -> NDArray[np.float64]:
    step, pool = 2 ** wanted["level"], np.nanmax if wanted["pool"] == "max" else np.nanmean
    starts = [
        range(first, min(first + 256 * step, size), step)
        for first, size in zip(
            (wanted["row"] * 256 * step, wanted["column"] * 256 * step), weights.shape[1:], strict=True
        )
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # for a bin of only missing weights
        rows = [
            np.stack([pool(weights[:, query : query + step, key : key + step], (1, 2)) for key in starts[1]], -1)
            for query in starts[0]
        ]
    return np.stack(rows, 1)


def save_pooled(name: str, expected: dict[str, Tensor]) -> None:
    wanted = {str(number): request for number, request in enumerate(POOLED[name])}
    tensors = {
        number: torch.from_numpy(pooled(expected[f"{of['map']}.{of['layer']}"].double().numpy(), of))
        .float()
        .contiguous()
        for number, of in wanted.items()
    }
    metadata = {number: json.dumps(request) for number, request in wanted.items()}
    save_file(tensors, FOLDER / f"{name}.pooled.safetensors", metadata)


def goldens() -> Iterator[tuple[str, Callable[[], Golden]]]:
    makers = (
        *(
            causal,
            padding,
            softcap,
            sinks,
            overviews,
            t5,
            alibi,
            distance,
            table,
            exceptions,
            pair,
            cross,
            weights,
            given,
        ),
        *(pieces, pieces_of_weights, missing, wide, generation, segments, bfloat16, float16),
    )
    yield from ((maker.__name__.replace("_", "-"), maker) for maker in makers)


def main() -> None:
    for name, maker in goldens():
        capture, expected = maker()
        files = FOLDER / f"{name}.attn.safetensors", FOLDER / f"{name}.expected.safetensors"
        saving.own_version = lambda: "0+unknown"  # a new version of the package must not change the files
        capture.save(files[0])
        save_file({place: layer.contiguous() for place, layer in expected.items()}, files[1])
        if name in POOLED:
            save_pooled(name, expected)
        differences = [
            np.nanmax(np.abs(capture.weights(int(layer), map=map_) - weights.numpy()))
            for (map_, layer), weights in ((place.rsplit(".", 1), weights) for place, weights in expected.items())
        ]
        sizes = [file.stat().st_size for file in files]
        print(f"{name:20} {sizes[0]:6} {sizes[1]:6}  {max(differences):.1e}  {capture}")
        assert max(sizes) < MAX_BYTES, f"{name} takes more than {MAX_BYTES} bytes"


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
