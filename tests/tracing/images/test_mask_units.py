"""Models that order patches by mask units and pool queries: every weight lies at its patches."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from transformers import HieraConfig, HieraForPreTraining, HieraModel

import headscope as hs

SIDE = 32
"""The height and width of the image in patches."""


def hiera(heads):
    torch.manual_seed(0)
    config = HieraConfig(
        embed_dim=8,
        image_size=[SIDE * 4, SIDE * 4],
        depths=[2, 2, 2, 1],
        num_heads=heads,
        attn_implementation="eager",
    )
    model = HieraModel(config).eval()
    for stage in model.encoder.stages:
        for layer in stage.layers:
            torch.nn.init.normal_(layer.attn.qkv.weight)  # sharp attention
    return model


@pytest.fixture(scope="module", params=[(1, 2, 4, 8), (2, 2, 4, 4), (4, 4, 16, 16)], ids=str)
def pass_(request):
    """A model, its capture of the second of two images, and what each layer returned.

    Stages with 16 windows of 16 heads are among them: both axes are equally long.
    """
    model = hiera(list(request.param))
    pixels = torch.randn(2, 3, SIDE * 4, SIDE * 4)
    seen = []
    hooks = [
        layer.attn.register_forward_hook(lambda _module, _arguments, output: seen.append(output[1]))
        for stage in model.encoder.stages
        for layer in stage.layers
    ]
    with torch.no_grad():
        model(pixels, output_attentions=True)
    for hook in hooks:
        hook.remove()
    return model, hs.capture(model, inputs={"pixel_values": pixels}, batch_index=1), seen


def layers_of(capture):
    """Return the map and the layer of each module, by the module's name."""
    report = capture.report()
    return {module: (capture.maps[part.name], at) for part in report.maps for at, module in enumerate(part.modules)}


def test_every_weight_lies_at_its_patches(pass_):
    model, capture, seen = pass_
    found = layers_of(capture)
    stages = [stage for stage, depth in enumerate(model.config.depths) for _ in range(depth)]
    firsts = [place and stages[place - 1] != stage for place, stage in enumerate(stages)]
    names = [f"encoder.stages.{s}.layers.{i}.attn" for s, depth in enumerate((2, 2, 2, 1)) for i in range(depth)]
    assert set(found) == set(names)
    for name, stage, first, weights in zip(names, stages, firsts, seen, strict=True):
        map_, layer = found[name]
        _, num_heads, windows, _queries, _keys = weights.shape
        # The model's own function tells at which position of the sequence each patch lies.
        at = []
        for number, of in ((stage, len(map_.query_tokens)), (stage - bool(first), len(map_.key_tokens))):
            order = model.encoder.reroll(torch.arange(float(of))[None, :, None], number)
            at.append(order.flatten().long().numpy())
        wanted = np.zeros((num_heads, len(map_.query_tokens), len(map_.key_tokens)), np.float32)
        for window in range(windows):
            rows, columns = (np.flatnonzero(order % windows == window) for order in at)
            inner = weights[1, :, window].numpy()
            wanted[:, rows[:, None], columns] = inner[:, at[0][rows] // windows][:, :, at[1][columns] // windows]
        np.testing.assert_allclose(map_.block(layer), wanted, atol=1e-6)


def test_pooled_queries_are_named_after_the_patches_that_they_pool(pass_):
    _, capture, _ = pass_
    found = layers_of(capture)
    plain = found["encoder.stages.0.layers.0.attn"][0]
    assert plain.query_tokens == plain.key_tokens
    assert plain.query_tokens[SIDE + 2] == "1,2"
    pooled = found["encoder.stages.1.layers.0.attn"][0]
    assert pooled.query_tokens[:2] == ("0-1,0-1", "0-1,2-3")
    assert pooled.query_tokens[-1] == f"{SIDE - 2}-{SIDE - 1},{SIDE - 2}-{SIDE - 1}"
    assert pooled.key_tokens == plain.query_tokens
    assert (pooled.query_grid.rows, pooled.key_grid.rows) == (SIDE // 2, SIDE)


def test_a_masked_image_keeps_numbers():
    config = HieraConfig(
        embed_dim=8,
        image_size=[128, 128],
        depths=[1, 1, 1, 1],
        mask_ratio=0.75,
        decoder_hidden_size=8,
        decoder_depth=1,
        decoder_num_heads=2,
    )
    capture = hs.capture(
        HieraForPreTraining(config).eval(), inputs={"pixel_values": torch.randn(1, 3, 128, 128)}, progress=False
    )
    map_ = next(iter(capture.maps.values()))
    assert map_.query_grid is None
    assert map_.query_tokens[:2] == ("0", "1")
