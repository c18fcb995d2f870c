"""Images in texts: the names of placeholders and patches, and that each text of a batch has its own images."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

import headscope as hs
from headscope.data.layers import pieces_of
from headscope.tracing.images.image_tokens import pictures_of
from headscope.tracing.images.patches import setting
from zoo.eager import eager_weights
from zoo.models import ZOO, build, inputs_of

WHOLE = ["llava", "gemma3", "llama4", "idefics3", "internvl", "mistral3"]
PACKED = ["qwen2_vl", "qwen2_5_vl"]


def animal_of(kind):
    return next(one for one in ZOO if one.kind == kind)


def without_vision(kind):
    """Return a model in which each image feature depends only on the patches at its place: its tower mixes nothing."""
    animal = animal_of(kind)
    if kind in PACKED:
        tower = dict(animal.config["vision_config"], depth=0, fullatt_block_indexes=[])
        return animal, build(replace(animal, config=dict(animal.config, vision_config=tower)))
    model = build(animal)
    values = [parameter for name, parameter in model.named_parameters() if "vision" in name and "v_proj" in name]
    assert values
    with torch.no_grad():
        for parameter in values:
            parameter.zero_()
    return animal, model


def what_the_text_reads(model, inputs):
    """Return the vectors that the language model reads, shape (texts, positions, hidden)."""
    seen = []
    tower = model.get_decoder() if hasattr(model, "get_decoder") else model.language_model
    hook = tower.register_forward_pre_hook(
        lambda _module, _arguments, options: seen.append(options["inputs_embeds"]), with_kwargs=True
    )
    with torch.no_grad():
        model(**inputs)
    hook.remove()
    return seen[0]


def changed(model, inputs, pixels):
    before, after = (
        what_the_text_reads(model, inputs | {"pixel_values": part}) for part in (inputs["pixel_values"], pixels)
    )
    return (before - after).abs().amax(-1)[0].nonzero()[:, 0].tolist()


@pytest.mark.parametrize("cell", [(0, 0), (1, 2), (3, 1)])
@pytest.mark.parametrize("kind", WHOLE)
def test_a_placeholder_is_named_after_its_patches(kind, cell):
    animal, model = without_vision(kind)
    inputs = inputs_of(animal)
    pixels = inputs["pixel_values"].clone()
    row, column = (4 * part for part in cell)
    pixels[..., row : row + 4, column : column + 4] += 1
    factor = {16: 1, 4: 2}[animal.placeholders]
    tokens = captured_text(animal, inputs).query_tokens
    assert [tokens[place] for place in changed(model, inputs, pixels)] == [
        f"image {cell[0] // factor},{cell[1] // factor}"
    ]


def captured_text(animal, inputs):
    return hs.capture(build(animal), inputs=inputs).maps["text"]


@pytest.mark.parametrize("patch", [0, 5, 9, 15])
@pytest.mark.parametrize("kind", PACKED)
def test_a_placeholder_of_a_packed_image(kind, patch):
    animal, model = without_vision(kind)
    inputs = inputs_of(animal)
    pixels = inputs["pixel_values"].clone()
    pixels[patch] += 1
    columns = animal.placeholders // 2
    tokens = captured_text(animal, inputs).query_tokens
    group = patch // 4  # four adjacent patches become one
    assert [tokens[place] for place in changed(model, inputs, pixels)] == [
        f"image {group // columns},{group % columns}"
    ]


@pytest.mark.parametrize("kind", PACKED)
def test_patches_are_named_in_the_tower_s_order(kind):
    animal = animal_of(kind)
    model, inputs, seen = build(animal), inputs_of(animal), []
    inputs["image_grid_thw"] = torch.tensor([[1, 6, 10]])  # windows at the borders are incomplete
    inputs["pixel_values"] = torch.randn(60, 96, generator=torch.Generator().manual_seed(2))
    ids = [98] * 15
    inputs["input_ids"] = torch.tensor([[5, 96, *ids, 95, 6]])
    inputs["mm_token_type_ids"] = (inputs["input_ids"] == 98).long()
    names = hs.capture(model, inputs=inputs).maps["vision"].query_tokens
    hook = model.visual.blocks[0].register_forward_pre_hook(lambda _module, arguments: seen.append(arguments[0]))
    model.get_image_features(inputs["pixel_values"], inputs["image_grid_thw"])
    for patch in (0, 1, 2, 3, 17, 42, 59):
        pixels = inputs["pixel_values"].clone()
        pixels[patch] += 1
        model.get_image_features(pixels, inputs["image_grid_thw"])
        (place,) = (seen[-1] - seen[0]).abs().amax(-1).nonzero()[:, 0].tolist()
        group, down, right = patch // 4, patch % 4 // 2, patch % 2
        assert names[place] == f"{group // 5 * 2 + down},{group % 5 * 2 + right}"
    hook.remove()


def test_windows_of_packed_images_do_not_see_each_other():
    animal = animal_of("qwen2_5_vl")
    map_ = hs.capture(build(animal), inputs=inputs_of(animal)).maps["vision"]
    window = [int(name.split(",")[1]) // 4 for name in map_.query_tokens]
    apart = np.not_equal.outer(window, window)
    assert (map_.block(0)[:, apart] == 0).all()
    assert (map_.block(1)[:, apart] > 0).any(), "the second layer attends to whole images"


@pytest.mark.parametrize("kind", WHOLE)
def test_each_text_of_a_batch_has_its_own_images(kind):
    animal = animal_of(kind)
    model, one = build(animal), inputs_of(animal)
    run = torch.tensor([[96] + [98] * animal.placeholders + [95]])
    words = torch.full((1, run.shape[1]), 7)
    ids = torch.cat([torch.cat([run, words, run], 1), torch.cat([words, run, words], 1), torch.cat([run] * 3, 1)])
    pixels = torch.randn(6, 3, 16, 16, generator=torch.Generator().manual_seed(4))
    inputs = {"input_ids": ids, "pixel_values": pixels}
    if kind == "idefics3":  # all texts have equally many images, some of them empty
        blank = torch.zeros(3, 16, 16)
        rows = [[pixels[0], pixels[1], blank], [pixels[2], blank, blank], list(pixels[3:])]
        inputs["pixel_values"] = torch.stack([torch.stack(row) for row in rows])
    inputs |= {name: value.expand(6, -1) for name, value in animal.extra.items()}
    inputs |= {"token_type_ids": (ids == 98).long()} if "token_type_ids" in one else {}
    seen = (
        next(calls for name, calls in eager_weights(model, inputs).items() if "vision" in name and len(calls[0]) == 6)
        if kind != "mistral3"
        else None
    )
    for row, (images, first) in enumerate([(2, 0), (1, 2), (3, 3)]):
        capture = hs.capture(model, inputs=inputs, batch_index=row)
        vision, text = capture.maps["vision"], capture.maps["text"]
        of_image = {name.split(":")[0] for name in text.query_tokens if name.startswith("image")}
        assert len([name for name in text.query_tokens if name.startswith("image")]) == images * animal.placeholders
        assert of_image == ({f"image {number + 1}" for number in range(images)} if images > 1 else of_image)
        if seen is None:  # it reads all images as one sequence
            assert "shows those of all 3 texts" in repr(capture.report())
            continue
        pieces = pieces_of(vision.records[0])
        assert len(pieces) == images
        for number, piece in enumerate(pieces):
            found = piece.weights(range(4), slice(0, piece.num_queries), slice(0, piece.num_keys))
            np.testing.assert_allclose(found, seen[0][first + number].numpy(), rtol=0, atol=1e-5)
        assert not capture.report().notes


def test_a_text_without_an_image_in_a_batch():
    animal = animal_of("llava")
    ids = torch.full((2, 18), 7)
    ids[1, 1:17] = 98
    inputs = {"input_ids": ids, "pixel_values": inputs_of(animal)["pixel_values"]}
    capture = hs.capture(build(animal), inputs=inputs)
    assert list(capture.maps) == ["text"]
    assert not capture.report().missing
    assert list(hs.capture(build(animal), inputs=inputs, batch_index=1).maps) == ["text", "vision"]


def test_packed_images_of_a_batch_are_shown_together_and_the_report_says_so():
    animal = animal_of("qwen2_vl")
    capture = hs.capture(build(animal), inputs=inputs_of(animal, batch=2), batch_index=1)
    assert "the 'vision' map shows those of all 2 texts" in repr(capture.report())
    assert "all 2 texts" in capture.report()._repr_html_()
    assert next(name for name in capture.maps["text"].query_tokens if "image" in name) == "image 0,0"
    assert not hs.capture(build(animal), inputs=inputs_of(animal)).report().notes


def test_a_padded_text_with_an_image():
    animal = animal_of("llava")
    inputs = inputs_of(animal, batch=2)
    mask = torch.ones_like(inputs["input_ids"])
    mask[1, :3] = 0
    map_ = hs.capture(build(animal), inputs=inputs | {"attention_mask": mask}, batch_index=1).maps["text"]
    whole = hs.capture(build(animal), inputs=inputs, batch_index=1).maps["text"]
    assert map_.query_tokens == whole.query_tokens[3:]
    assert map_.query_tokens.count("image 0,0") == 1


@pytest.mark.parametrize(
    ("frames", "name"), [(1, "video 0,1"), (2, "video frame 1: 0,1")], ids=["one frame", "several frames"]
)
def test_a_video(frames, name):
    animal = animal_of("qwen2_vl")
    inputs = inputs_of(animal)
    ids = torch.tensor([[5, 6, 96, *[97] * (4 * frames), 95, 7]])
    video = {
        "input_ids": ids,
        "mm_token_type_ids": 2 * (ids == 97).long(),
        "pixel_values_videos": inputs["pixel_values"].repeat(frames, 1),
        "video_grid_thw": torch.tensor([[frames, 4, 4]]),
    }
    maps = hs.capture(build(animal), inputs=video).maps
    tokens = [token for token in maps["text"].query_tokens if token.startswith("video")]
    assert len(tokens) == 4 * frames
    assert tokens[1] == name
    assert maps["vision"].query_tokens[-1] == ("3,3" if frames == 1 else "frame 2: 3,3")


def test_images_and_videos_are_maps_of_their_own():
    animal = animal_of("qwen2_vl")
    inputs = inputs_of(animal)
    ids = torch.cat([inputs["input_ids"], torch.tensor([[96, 97, 97, 97, 97, 95]])], dim=1)
    both = {
        "input_ids": ids,
        "mm_token_type_ids": (ids == 98).long() + 2 * (ids == 97).long(),
        "pixel_values_videos": inputs["pixel_values"],
        "video_grid_thw": torch.tensor([[1, 4, 4]]),
    }
    maps = hs.capture(build(animal), inputs=inputs | both).maps
    assert {name: map_.num_layers for name, map_ in maps.items()} == {"text": 3, "vision": 2, "vision 2": 2}
    assert "image 1,1" in maps["text"].query_tokens
    assert "video 1,1" in maps["text"].query_tokens


def test_placeholders_of_unknown_meaning_stay_unchanged():
    animal = animal_of("gemma3")
    model = build(animal)
    model.config.mm_tokens_per_image = None
    assert setting(model, "mm_tokens_per_image") is None
    assert pictures_of(inputs_of(animal), model, 0) == []


def test_vectors_of_a_resampler_are_not_patches():
    animal = animal_of("llava")
    model = build(animal)
    model.multi_modal_projector = type("Resampler", (torch.nn.Identity,), {})()
    assert pictures_of(inputs_of(animal), model, 0) == []


def several_images(kind):
    """Return the inputs of three texts, with two images, none and one."""
    animal = animal_of(kind)
    model = build(replace(animal, auto="AutoModelForImageTextToText"))
    run = torch.tensor([[96] + [98] * animal.placeholders + [95]])
    words = torch.full((1, run.shape[1]), 7)
    ids = torch.cat([torch.cat([run, run], 1), torch.cat([words, words], 1), torch.cat([words, run], 1)])
    one = inputs_of(animal, batch=3)
    return (
        model,
        {name: value for name, value in one.items() if "input_ids" not in name and "type_ids" not in name},
        ids,
    )


@pytest.mark.parametrize("row", [0, 1, 2])
@pytest.mark.parametrize("kind", ["llava", "gemma3", "mistral3", "qwen2_vl", "qwen2_5_vl"])
def test_generation_takes_the_images_of_its_text(kind, row):
    model, pictures, ids = several_images(kind)
    inputs = {"input_ids": ids, **pictures}
    types = {"gemma3": "token_type_ids", "qwen2_vl": "mm_token_type_ids", "qwen2_5_vl": "mm_token_type_ids"}.get(kind)
    inputs |= {types: (ids == 98).long()} if types else {}
    options = {"max_new_tokens": 3, "eos_token_id": None, "pad_token_id": 0, "do_sample": False}
    capture = hs.capture_generation(model, inputs=inputs, sequence_index=row, **options)
    own = {0: slice(0, 2), 1: slice(0, 0), 2: slice(2, 3)}[row]
    alone = {"input_ids": ids[row : row + 1]} | ({types: inputs[types][row : row + 1]} if types else {})
    if row != 1:
        step = len(pictures["pixel_values"]) // 3
        alone["pixel_values"] = pictures["pixel_values"][own.start * step : own.stop * step]
        alone |= {name: pictures[name][own] for name in ("image_sizes", "image_grid_thw") if name in pictures}
    expected = hs.capture_generation(model, inputs=alone, **options)
    assert list(capture.maps) == list(expected.maps)
    assert capture.maps["text"].query_tokens == expected.maps["text"].query_tokens
    assert capture.generation.steps[-3:] == (0, 1, 2)
    np.testing.assert_allclose(capture.weights(2, map="text"), expected.weights(2, map="text"), rtol=0, atol=1e-5)
