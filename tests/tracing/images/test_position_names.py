"""The names of positions of images and sounds, and of maps."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from transformers import CLIPPreTrainedModel, CLIPTextModel, CLIPVisionModel, ViTConfig, ViTModel
from transformers.models.swin.modeling_swin import window_partition

import headscope as hs
from zoo.models import VISION, ZOO, build, inputs_of


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


def test_packed_images_are_numbered():
    tokens = captured("qwen2_vl", batch=2).maps["vision"].query_tokens
    assert len(tokens) == 32
    # Four patches that are merged later are adjacent.
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
    assert captured("wav2vec2").maps["self"].query_tokens[:3] == ("0.00 s", "0.00 s", "0.00 s")  # 0.6 ms apart
    maps = captured("whisper").maps
    assert maps["encoder"].query_tokens[:3] == ("0.00 s", "0.02 s", "0.04 s")
    assert maps["cross"].key_tokens == maps["encoder"].query_tokens
    assert all(token.isdigit() for token in maps["decoder"].query_tokens)


@pytest.mark.parametrize("kind", ["swin", "swinv2"])
def test_windows_have_their_places_in_the_image(kind):
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
            expected = piece.record.weights([0, 1], slice(0, 16), slice(0, 16))
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


IMAGES = [
    "vit",
    "deit",
    "dinov2",
    "beit",
    "swin",
    "clip",
    "siglip",
    "llava",
    "gemma3",
    "llama4",
    "idefics3",
    "internvl",
]


@pytest.mark.parametrize("patch", [(0, 0), (1, 2), (3, 3)])
@pytest.mark.parametrize("kind", [*IMAGES, "mistral3"])
def test_a_patch_is_named_after_its_place_in_the_image(kind, patch):
    animal = next(one for one in ZOO if one.kind == kind)
    model, inputs = build(animal), inputs_of(animal)
    capture = hs.capture(model, inputs=inputs)
    number, map_ = next((number, part) for number, part in enumerate(capture.maps.values()) if part.name != "text")
    layer = model.get_submodule(capture.report().maps[number].modules[0])
    seen = []
    hook = layer.register_forward_pre_hook(
        lambda _module, arguments, options: seen.append(options.get("hidden_states", next(iter(arguments), None))),
        with_kwargs=True,
    )
    size = int(model.config.patch_size if kind == "swin" else 4)
    row, column = (size * part for part in patch)
    pixels = inputs["pixel_values"].clone()
    pixels[..., row : row + size, column : column + size] += 1
    with torch.no_grad():
        for values in (inputs["pixel_values"], pixels):
            model(**(inputs | {"pixel_values": values}))
    hook.remove()
    changed = (seen[-1] - seen[0]).abs().amax(-1)
    places = changed.flatten().nonzero()[:, 0].tolist()
    if kind == "swin":  # it attends in windows of 4 x 4 patches
        places = [(place // 16 // 4 * 4 + place % 16 // 4) * 16 + place // 16 % 4 * 4 + place % 4 for place in places]
    assert [map_.query_tokens[place] for place in places] == [f"{patch[0]},{patch[1]}"]


def test_a_class_token_may_come_last():
    map_ = captured("llama4").maps["vision"]
    assert map_.query_tokens[-1] == "[CLS]"
    assert map_.query_special == (16,)
    assert map_.query_grid.first == 0


@pytest.mark.parametrize(("registers", "known"), [(4, True), (0, False)])
def test_registers_are_named_if_the_config_has_them(registers, known):
    config = ViTConfig(**VISION, num_register_tokens=registers)
    model = ViTModel(config).eval()
    own = model.embeddings.forward

    def with_registers(*arguments, **options):
        embedded = own(*arguments, **options)
        return torch.cat([embedded[:, :1], embedded[:, 1:5], embedded[:, 1:]], dim=1)

    model.embeddings.forward = with_registers
    tokens = hs.capture(model, inputs={"pixel_values": torch.randn(1, 3, 16, 16)}).maps["self"].query_tokens
    assert tokens[:6] == (("[CLS]", "[REG 1]", "[REG 2]", "[REG 3]", "[REG 4]", "0,0") if known else tuple("012345"))


class Eyes(CLIPPreTrainedModel):
    """A model with a text tower and two image towers of the same size."""

    def __init__(self, config):
        super().__init__(config)
        self.text_model = CLIPTextModel(config.text_config)
        self.vision_model = CLIPVisionModel(config.vision_config)
        self.high_res_vision_model = CLIPVisionModel(config.vision_config)
        self.mixer = CLIPVisionModel(config.vision_config).encoder

    def forward(self, input_ids, pixel_values):
        self.text_model(input_ids=input_ids)
        for tower in (self.vision_model, self.high_res_vision_model):
            seen = tower(pixel_values=pixel_values).last_hidden_state
        return self.mixer(inputs_embeds=seen)


def test_two_towers_of_one_kind_are_two_maps():
    animal = next(one for one in ZOO if one.kind == "clip")
    model, inputs = Eyes(build(animal).config).eval(), inputs_of(animal)
    capture = hs.capture(model, inputs=inputs)
    assert list(capture.maps) == ["text", "vision", "vision 2", "other"]
    assert [map_.label for map_ in capture.maps.values()] == ["Text", "Vision", "Vision 2", "Other"]
    assert [map_.num_layers for map_ in capture.maps.values()] == [3, 2, 2, 2]
    modules = [part.modules[0].split(".")[0] for part in capture.report().maps]
    assert modules == ["text_model", "vision_model", "high_res_vision_model", "mixer"]
    for name in ("vision", "vision 2"):
        assert capture.maps[name].query_tokens[:2] == ("[CLS]", "0,0")
    chosen = hs.capture(model, inputs=inputs, layers=[1])
    assert {name: map_.layers for name, map_ in chosen.maps.items()} == dict.fromkeys(capture.maps, (1,))


@pytest.mark.parametrize("layers", [[0], [1], [0, 1]])
@pytest.mark.parametrize("kind", ["swin", "swinv2", "qwen2_5_vl", "bart"])
def test_chosen_layers_of_each_map(kind, layers):
    animal = next(one for one in ZOO if one.kind == kind)
    model, inputs = build(animal), inputs_of(animal)
    full, part = hs.capture(model, inputs=inputs), hs.capture(model, inputs=inputs, layers=layers)
    assert list(part.maps) == list(full.maps)
    for name, map_ in part.maps.items():
        assert map_.layers == tuple(layers)
        assert map_.num_layers == full.maps[name].num_layers
        np.testing.assert_array_equal(part.weights(layers[-1], map=name), full.weights(layers[-1], map=name))
    assert part.nbytes < full.nbytes or len(layers) == 2
