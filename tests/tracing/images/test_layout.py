"""Sequences of words and other things: a change of one input changes exactly the position that is named after it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import transformers as tf

import headscope as hs

SMALL = {"vocab_size": 50, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
IMAGE = {"image_size": 16, "patch_size": 4}
IDS = torch.tensor([[2, 5, 9, 7, 4, 0, 0]])
TEXT = {"input_ids": IDS, "attention_mask": (IDS > 0).long()}
WORDS = ["2", "5", "9", "7", "4"]
PATCHES = [f"patch {row},{column}" for row in range(4) for column in range(4)]


def visual_bert():
    model = tf.VisualBertModel(tf.VisualBertConfig(visual_embedding_dim=8, **SMALL))
    shown = torch.tensor([[1.0, 1, 0, 1]])
    kinds = torch.ones(1, 4).long()
    return model, dict(
        TEXT, visual_embeds=torch.randn(1, 4, 8), visual_attention_mask=shown, visual_token_type_ids=kinds
    )


def luke():
    model = tf.LukeModel(tf.LukeConfig(entity_vocab_size=10, entity_emb_size=16, **SMALL))
    places = torch.tensor([[[1, 2, -1], [4, -1, -1], [-1, -1, -1]]])
    entities = {"entity_ids": torch.tensor([[1, 2, 0]]), "entity_attention_mask": torch.tensor([[1, 1, 0]])}
    return model, dict(TEXT, entity_position_ids=places, **entities)


def vilt():
    return tf.ViltModel(tf.ViltConfig(**SMALL, **IMAGE)), dict(TEXT, pixel_values=torch.randn(1, 3, 16, 16))


def layout_lm():
    model = tf.LayoutLMv3Model(
        tf.LayoutLMv3Config(**SMALL, input_size=16, patch_size=4, coordinate_size=6, shape_size=4)
    )
    return model, dict(TEXT, pixel_values=torch.randn(1, 3, 16, 16), bbox=torch.zeros(1, 7, 4).long())


def git():
    model = tf.GitModel(tf.GitConfig(vision_config=dict(SMALL, **IMAGE), **SMALL))
    return model, dict(TEXT, pixel_values=torch.randn(1, 3, 16, 16))


def cpm():
    sizes = {
        "hidden_size": 32,
        "num_attention_heads": 4,
        "dim_head": 8,
        "dim_ff": 48,
        "num_hidden_layers": 2,
        "prompt_length": 3,
    }
    return tf.CpmAntModel(tf.CpmAntConfig(vocab_size=50, **sizes)), {"input_ids": IDS[:, :5]}


CLS = "image [CLS]"
FORMS = {
    visual_bert: ("self", [*WORDS, "object 0", "object 1", "object 3"]),
    luke: ("self", [*WORDS, "entity 0", "entity 1"]),
    layout_lm: ("self", [*WORDS, CLS, *PATCHES]),
    git: ("text", [CLS, *PATCHES, *WORDS]),
    cpm: ("self", ["prompt 0", "prompt 1", "prompt 2", *WORDS]),
}


def captured(model, inputs):
    torch.manual_seed(0)  # ViLT draws the order of its patches
    return hs.capture(model, inputs=inputs)


def built(form):
    torch.manual_seed(0)
    model, inputs = form()
    for parameter in model.parameters():
        parameter.data += 0.1 * torch.randn_like(parameter)
    return model.eval(), inputs


def changed(model, map_name, before, after):
    """Return the tokens whose keys in the first layer two inputs do not share."""
    maps = [captured(model, inputs).maps[map_name] for inputs in (before, after)]
    assert maps[0].key_tokens == maps[1].key_tokens
    one, other = (np.log(map_.block(0).astype(np.float64)) for map_ in maps)
    # The ratio of two weights of a row depends on its query and the two keys only; rows of changed queries differ
    # everywhere, and the key of a changed position is the only one that differs in all rows.
    ratios = (one - other) - np.nanmedian(one - other, axis=-1, keepdims=True)
    moved = np.nanmedian(np.abs(np.where(np.isfinite(ratios), ratios, np.nan)), axis=(0, 1)) > 1e-4
    return [token for token, is_moved in zip(maps[0].key_tokens, moved, strict=True) if is_moved]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_words_stay_words_and_the_rest_is_named(form):
    name, expected = FORMS[form]
    model, inputs = built(form)
    map_ = captured(model, inputs).maps[name]
    assert list(map_.query_tokens) == list(map_.key_tokens) == expected


def test_padding_stays_if_it_is_asked_for():
    model, inputs = built(visual_bert)
    tokens = hs.capture(model, inputs=inputs, keep_padding=True).maps["self"].key_tokens
    assert list(tokens) == [*WORDS, "0", "0", "object 0", "object 1", "object 2", "object 3"]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_a_changed_word_is_the_one_that_is_named(form):
    model, inputs = built(form)
    ids = inputs["input_ids"].clone()
    ids[0, 2] = 11
    before, after = (dict(inputs, input_ids=value) for value in (inputs["input_ids"], ids))
    maps = [captured(model, given).maps[FORMS[form][0]] for given in (before, after)]
    differ = [one for one, other in zip(maps[0].key_tokens, maps[1].key_tokens, strict=True) if one != other]
    assert differ == ["9"]


def test_a_changed_object_is_the_one_that_is_named():
    model, inputs = built(visual_bert)
    objects = inputs["visual_embeds"].clone()
    objects[0, 3] += 1
    assert changed(model, "self", inputs, dict(inputs, visual_embeds=objects)) == ["object 3"]


def test_a_changed_entity_is_the_one_that_is_named():
    model, inputs = built(luke)
    assert changed(model, "self", inputs, dict(inputs, entity_ids=torch.tensor([[1, 7, 0]]))) == ["entity 1"]


@pytest.mark.parametrize("form", [vilt, layout_lm])
def test_a_changed_patch_is_the_one_that_is_named(form):
    model, inputs = built(form)
    pixels = inputs["pixel_values"].clone()
    pixels[0, :, 4:8, 8:12] += 1
    assert changed(model, "self", inputs, dict(inputs, pixel_values=pixels)) == ["patch 1,2"]


def test_patches_of_padded_images_are_left_out():
    model, inputs = built(vilt)
    mask = torch.ones(1, 16, 16).long()
    mask[:, 12:] = 0
    tokens = captured(model, dict(inputs, pixel_mask=mask)).maps["self"].key_tokens
    assert sorted(tokens[6:]) == sorted(PATCHES[:12])
