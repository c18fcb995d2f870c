"""What the positions of images and sounds are called, and which map is which."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from transformers.models.swin.modeling_swin import window_partition

import headscope as hs
from zoo.models import ZOO, build, inputs_of


def captured(kind, batch=1, **changes):
    animal = next(one for one in ZOO if one.kind == kind)
    return hs.capture(build(animal), inputs=inputs_of(animal, batch) | changes)


@pytest.mark.parametrize(("kind", "prefix"), [("vit", ["[CLS]"]), ("deit", ["[CLS]", "[DIST]"]), ("beit", ["[CLS]"])])
def test_patches_lie_in_a_grid(kind, prefix):
    map_ = captured(kind).maps["self"]
    cells = [f"{row},{column}" for row in range(4) for column in range(4)]
    assert list(map_.query_tokens) == prefix + cells
    assert map_.query_special == tuple(range(len(prefix)))
    assert (map_.query_grid.first, map_.query_grid.rows, map_.query_grid.columns) == (len(prefix), 4, 4)


def test_both_towers_have_their_own_tokens():
    maps = captured("clip").maps
    assert [map_.label for map_ in maps.values()] == ["Text", "Vision"]
    assert maps["text"].query_tokens[0].isdigit()
    assert maps["vision"].query_tokens[:2] == ("[CLS]", "0,0")
    assert maps["text"].query_grid is None


def test_packed_images_say_which_they_are():
    tokens = captured("qwen2_vl", batch=2).maps["vision"].query_tokens
    assert len(tokens) == 32
    # The four patches that are merged later stand together.
    assert tokens[:5] == ("image 1: 0,0", "image 1: 0,1", "image 1: 1,0", "image 1: 1,1", "image 1: 0,2")
    assert tokens[16] == "image 2: 0,0"


def test_packed_images_do_not_see_each_other():
    weights = captured("qwen2_vl", batch=2).weights(0, map="vision")
    assert (weights[:, :16, 16:] == 0).all()
    assert (weights[:, 16:, :16] == 0).all()
    np.testing.assert_allclose(weights.sum(-1), 1, atol=1e-5)


def test_several_images_of_one_text():
    animal = next(one for one in ZOO if one.kind == "llava")
    inputs = inputs_of(animal)
    pictures = torch.cat([inputs["pixel_values"], inputs["pixel_values"].flip(3)])
    ids = torch.cat([inputs["input_ids"], torch.full((1, 16), 98)], dim=1)
    maps = hs.capture(build(animal), inputs={"input_ids": ids, "pixel_values": pictures}).maps
    assert maps["vision"].query_tokens[:2] == ("image 1: [CLS]", "image 1: 0,0")
    assert maps["vision"].query_tokens[17] == "image 2: [CLS]"
    assert (maps["vision"].block(0)[:, :17, 17:] == 0).all()


def test_the_image_of_a_detector():
    maps = captured("detr").maps
    assert (maps["encoder"].query_grid.rows, maps["encoder"].query_grid.columns) == (8, 6)
    assert maps["decoder"].query_tokens == tuple(f"query {number}" for number in range(5))
    assert maps["cross"].query_tokens == maps["decoder"].query_tokens
    assert maps["cross"].key_tokens == maps["encoder"].key_tokens


def test_frames_of_a_sound_have_times():
    assert captured("wav2vec2").maps["self"].query_tokens[:3] == ("0.00 s", "0.00 s", "0.00 s")  # 0.6 ms each
    maps = captured("whisper").maps
    assert maps["encoder"].query_tokens[:3] == ("0.00 s", "0.02 s", "0.04 s")
    assert maps["cross"].key_tokens == maps["encoder"].query_tokens
    assert all(token.isdigit() for token in maps["decoder"].query_tokens)


@pytest.mark.parametrize("kind", ["swin", "swinv2"])
def test_windows_lie_where_they_are_in_the_image(kind):
    capture = captured(kind)
    map_ = capture.maps["self"]
    assert map_.query_tokens[:2] == ("0,0", "0,1")
    assert (map_.query_grid.rows, map_.query_grid.columns) == (16, 16)
    assert capture.maps["self 2"].query_grid.rows == 8
    image = torch.arange(256.0).view(1, 16, 16, 1)
    for layer, shift in ((0, 0), (1, 2)):
        windows = window_partition(image.roll((-shift, -shift), (1, 2)), 4).view(16, 16).long().numpy()
        weights = capture.weights(layer)
        np.testing.assert_allclose(weights.sum(-1), 1, atol=1e-5)
        for piece, places in zip(map_.records[layer].pieces, windows, strict=True):
            expected = piece.weights([0, 1], slice(0, 16), slice(0, 16))
            np.testing.assert_array_equal(weights[:, places][:, :, places], expected)


def test_parts_of_windows():
    capture = captured("swin")
    whole = capture.weights(1)
    for rows, columns in (
        (slice(3, 40), slice(100, 180)),
        (slice(0, 1), slice(0, 256)),
        (slice(250, 256), slice(0, 5)),
    ):
        part = capture.weights(1, queries=rows, keys=columns)
        np.testing.assert_allclose(part, whole[:, rows, columns], rtol=0, atol=1e-6)
