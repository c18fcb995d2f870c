"""The maps of a pass: positions of two orders or meanings are never in one map, and all are named by what they are."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import transformers as tf

import headscope as hs

SMALL = {"vocab_size": 50, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
IDS = torch.tensor([[2, 5, 9, 7, 4]])
WORDS = ("2", "5", "9", "7", "4")
PATCHES = tuple(f"{row},{column}" for row in range(4) for column in range(4))


def numbered(what, count):
    return tuple(f"{what} {place}" for place in range(count))


@pytest.mark.parametrize("channels", [3, 6])
@pytest.mark.parametrize("cls", [False, True])
def test_times_and_channels_are_two_maps(channels, cls):
    sizes = {
        "context_length": 24,
        "patch_length": 4,
        "patch_stride": 4,
        "d_model": 16,
        "num_attention_heads": 2,
        "ffn_dim": 32,
    }
    config = tf.PatchTSTConfig(num_input_channels=channels, num_hidden_layers=2, channel_attention=True, **sizes)
    config.use_cls_token = cls
    model = tf.PatchTSTModel(config).eval()
    inputs = {"past_values": torch.randn(1, 24, channels)}
    capture = hs.capture(model, inputs=inputs)
    times, across = capture.maps.values()
    patches = (*["[CLS]"] * cls, *numbered("patch", 6))
    assert times.query_tokens == tuple(f"channel {at}: {name}" for at in range(channels) for name in patches)
    assert across.query_tokens == tuple(f"channel {at}: {name}" for name in patches for at in range(channels))
    assert times.num_layers == across.num_layers == 2
    for map_, mark in ((times, 0), (across, -1)):
        weights = map_.block(0)[0]
        names = [name.split(": ") for name in map_.query_tokens]
        # Positions that see each other share the channel in one map, and the time in the other.
        same = np.array([[one[mark] == other[mark] for other in names] for one in names])
        np.testing.assert_array_equal(weights > 0, same)


@pytest.mark.parametrize("objects", [4, 5])
def test_objects_are_no_text(objects):
    sizes = {"l_layers": 2, "x_layers": 2, "r_layers": 1, "visual_feat_dim": 8}
    config = tf.LxmertConfig(vocab_size=50, hidden_size=32, intermediate_size=64, num_attention_heads=4, **sizes)
    model = tf.LxmertModel(config).eval()
    inputs = {"input_ids": IDS, "visual_feats": torch.randn(1, objects, 8), "visual_pos": torch.rand(1, objects, 4)}
    maps = hs.capture(model, inputs=inputs).maps
    axes = {name: (map_.query_tokens, map_.key_tokens, map_.num_layers) for name, map_ in maps.items()}
    seen = numbered("object", objects)
    assert axes == {
        "text": (WORDS, WORDS, 4),
        "object": (seen, seen, 3),
        "text-to-object": (WORDS, seen, 2),
        "object-to-text": (seen, WORDS, 2),
    }


def segmenter():
    vision = {
        "hidden_size": 32,
        "output_channels": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "image_size": 64,
    }
    vision |= {"patch_size": 8, "window_size": 3, "global_attn_indexes": [1], "mlp_dim": 64, "num_pos_feats": 8}
    prompts = {
        "hidden_size": 16,
        "image_size": 64,
        "patch_size": 8,
        "image_embedding_size": 8,
        "mask_input_channels": 4,
    }
    decoder = {
        "hidden_size": 16,
        "num_hidden_layers": 2,
        "mlp_dim": 32,
        "num_attention_heads": 4,
        "iou_head_hidden_dim": 16,
    }
    config = tf.SamConfig(vision_config=vision, prompt_encoder_config=prompts, mask_decoder_config=decoder)
    return tf.SamModel(config).eval()


def test_prompts_and_images_of_a_segmenter():
    inputs = {"pixel_values": torch.randn(1, 3, 64, 64), "input_points": torch.tensor([[[[5.0, 5.0], [20.0, 9.0]]]])}
    maps = hs.capture(segmenter(), inputs=inputs).maps
    prompts = ("iou", *numbered("mask", 4), "point 0", "point 1", "no box")
    cells = tuple(f"{row},{column}" for row in range(8) for column in range(8))
    axes = {name: (map_.query_tokens, map_.key_tokens, map_.num_layers) for name, map_ in maps.items()}
    assert axes == {
        "prompt": (prompts, prompts, 2),
        "prompt-to-image": (prompts, cells, 3),
        "image-to-prompt": (cells, prompts, 2),
        "vision": (cells, cells, 2),
    }
    assert maps["prompt-to-image"].label == "Prompt to image"
    # The first layer attends within windows of 3 by 3, padded at the right and at the bottom.
    windows = np.array([row // 3 * 3 + column // 3 for row in range(8) for column in range(8)])
    np.testing.assert_array_equal(maps["vision"].block(0)[0] > 0, windows[:, None] == windows)
    assert (maps["vision"].block(1) > 0).all()


def test_the_encoder_of_a_segmenter_by_itself():
    capture = hs.capture(segmenter().vision_encoder, inputs={"pixel_values": torch.randn(1, 3, 64, 64)})
    assert [map_.num_layers for map_ in capture.maps.values()] == [2]


def test_both_streams_of_xlnet():
    model = tf.XLNetLMHeadModel(tf.XLNetConfig(vocab_size=50, d_model=32, n_layer=2, n_head=4, d_inner=64)).eval()
    perm, target = torch.zeros(1, 5, 5), torch.zeros(1, 1, 5)
    perm[:, :, -1] = target[0, 0, -1] = 1
    inputs = {"input_ids": IDS, "perm_mask": perm, "target_mapping": target}
    maps = hs.capture(model, inputs=inputs).maps
    assert [map_.label for map_ in maps.values()] == ["Self", "Query stream"]
    expected = model(**inputs, output_attentions=True).attentions
    for stream, map_ in enumerate(maps.values()):
        assert map_.query_tokens == map_.key_tokens == WORDS
        for layer in range(2):
            np.testing.assert_allclose(map_.block(layer), expected[layer][stream][0].detach(), atol=1e-6)


@pytest.mark.parametrize("ngram", [1, 2, 3])
@pytest.mark.parametrize("model", [tf.ProphetNetModel, tf.ProphetNetForCausalLM])
def test_each_stream_of_prophetnet_is_a_map(model, ngram):
    torch.manual_seed(0)
    sizes = {f"num_{side}_{what}": 2 for side in ("encoder", "decoder") for what in ("layers", "attention_heads")}
    config = tf.ProphetNetConfig(vocab_size=50, hidden_size=16, ngram=ngram, **sizes)
    model, ids = model(config).eval(), torch.tensor([[3, 5, 9, 0], [2, 5, 9, 4]])
    name = "decoder_input_ids" if config.is_encoder_decoder and "Causal" not in type(model).__name__ else "input_ids"
    text = {name: ids, name.replace("input_ids", "attention_mask"): (ids > 0).long()}
    inputs = text if name == "input_ids" else text | {"input_ids": torch.tensor([[7, 8, 6], [7, 9, 6]])}
    with torch.no_grad():
        output = model(**inputs, output_attentions=True)
    expected = output["decoder_ngram_attentions" if name != "input_ids" else "ngram_attentions"]
    maps = hs.capture(model, inputs=inputs, batch_index=1).maps
    streams = [map_ for map_ in maps.values() if map_.name.startswith("stream")]
    assert [map_.label for map_ in streams] == ["Stream", "Stream 2", "Stream 3"][:ngram]
    words, own = ("2", "5", "9", "4"), [numbered(f"stream {number}:", 4) for number in range(1, 1 + ngram)]
    assert maps["self" if name == "input_ids" else "decoder"].key_tokens == words
    for stream, map_ in enumerate(streams):
        assert (map_.query_tokens, map_.key_tokens) == (own[stream], words + own[stream])
        for layer in range(2):
            np.testing.assert_allclose(map_.block(layer), expected[layer][1, stream], atol=1e-6)
    if name != "input_ids":
        assert maps["cross"].query_tokens == sum(own, words)
    padded = [map_ for map_ in hs.capture(model, inputs=inputs).maps.values() if map_.name.startswith("stream")]
    assert padded[-1].key_tokens == ("3", "5", "9", *own[-1][:3])


def test_encoder_decoder_attention_is_cross_attention():
    text = {"hidden_size": 16, "d_kv": 8, "d_ff": 16, "num_layers": 1, "num_heads": 2, "vocab_size": 50}
    vision = {"hidden_size": 16, "patch_embed_hidden_size": 16, "d_kv": 8, "d_ff": 16, "num_hidden_layers": 1}
    config = tf.Pix2StructConfig(text_config=text, vision_config=dict(vision, num_attention_heads=2))
    places = torch.tensor([[[1.0, 1], [1, 2], [2, 1]]])
    inputs = {"flattened_patches": torch.cat([places, torch.randn(1, 3, 16)], -1), "decoder_input_ids": IDS}
    maps = hs.capture(tf.Pix2StructForConditionalGeneration(config).eval(), inputs=inputs).maps
    assert list(maps) == ["encoder", "decoder", "cross"]
    assert (maps["cross"].query_tokens, maps["cross"].key_tokens) == (WORDS, ("0,0", "0,1", "1,0"))


def test_keys_of_both_texts_keep_their_names():
    text = dict(SMALL, num_key_value_heads=2, head_dim=8, layer_types=["sliding_attention", "full_attention"])
    vision = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 4}
    encoder = {"text_config": text, "vision_config": dict(vision, image_size=16, patch_size=4)}
    model = tf.T5Gemma2Model(tf.T5Gemma2Config(encoder=encoder, decoder=dict(text))).eval()
    ids = torch.tensor([[2, 5, 9, 0, 0]])
    inputs = {"input_ids": ids, "attention_mask": (ids > 0).long(), "decoder_input_ids": torch.tensor([[11, 12]])}
    map_ = hs.capture(model, inputs=inputs).maps["decoder"]
    assert map_.query_tokens == ("11", "12")
    assert map_.key_tokens == ("11", "12", "2", "5", "9")


def test_latents_read_a_text():
    sizes = {"num_latents": 5, "d_latents": 16, "d_model": 32, "num_blocks": 2, "num_self_attends_per_block": 2}
    heads = {"num_self_attention_heads": 2, "num_cross_attention_heads": 2, "qk_channels": 16, "v_channels": 16}
    model = tf.PerceiverModel(tf.PerceiverConfig(**sizes, **heads)).eval()
    maps = hs.capture(model, inputs={"inputs": torch.randn(1, 7, 32)}).maps
    assert maps["self"].query_tokens == maps["cross"].query_tokens == numbered("latent", 5)
    assert (maps["self"].num_layers, len(maps["cross"].key_tokens)) == (4, 7)
    # As many latents as words are latents still.
    maps = hs.capture(model, inputs={"inputs": torch.randn(1, 5, 32)}).maps
    assert maps["cross"].query_tokens == numbered("latent", 5)
    assert maps["cross"].key_tokens == ("0", "1", "2", "3", "4")


def test_shortened_texts_are_named_by_their_tokens():
    sizes = {"vocab_size": 50, "d_model": 32, "n_head": 4, "d_head": 8, "d_inner": 64, "block_sizes": [1, 2]}
    model = tf.FunnelBaseModel(tf.FunnelConfig(**sizes)).eval()
    maps = hs.capture(model, inputs={"input_ids": torch.tensor([[2, 5, 9, 7, 4, 6]])}).maps
    assert maps["self 2"].query_tokens == ("2", "5+9", "7+4")
    assert maps["self 2"].key_tokens == ("2", "5", "9", "7", "4", "6")


FRAMES = tuple(f"frame {frame}: {patch}" for frame in (1, 2) for patch in PATCHES)


@pytest.mark.parametrize(
    ("model", "config", "expected"),
    [
        (tf.VideoMAEModel, tf.VideoMAEConfig(num_frames=4, tubelet_size=2, patch_size=4, **SMALL), FRAMES),
        (tf.VivitModel, tf.VivitConfig(num_frames=4, tubelet_size=[2, 4, 4], **SMALL), ("[CLS]", *FRAMES)),
    ],
)
def test_tubelets_of_a_video(model, config, expected):
    config.image_size = 16
    capture = hs.capture(model(config).eval(), inputs={"pixel_values": torch.randn(1, 4, 3, 16, 16)})
    assert capture.maps["self"].query_tokens == expected


def test_time_and_space_of_a_video_are_two_maps():
    config = tf.TimesformerConfig(num_frames=2, patch_size=4, image_size=16, **SMALL)
    capture = hs.capture(tf.TimesformerModel(config).eval(), inputs={"pixel_values": torch.randn(1, 2, 3, 16, 16)})
    over_time, in_frames = capture.maps.values()
    assert over_time.query_tokens == tuple(f"frame {frame}: {patch}" for patch in PATCHES for frame in (1, 2))
    assert in_frames.query_tokens == tuple(f"frame {frame}: {at}" for frame in (1, 2) for at in ("[CLS]", *PATCHES))
    assert in_frames.query_special == (0, 17)


def test_patches_that_are_left_out_have_no_name():
    config = tf.ViTMAEConfig(image_size=16, patch_size=4, mask_ratio=0.5, **SMALL)
    model = tf.ViTMAEModel(config).eval()
    inputs = {"pixel_values": torch.randn(1, 3, 16, 16), "noise": torch.arange(16.0).flip(0)[None]}
    assert hs.capture(model, inputs=inputs).maps["self"].query_tokens == ("[CLS]", *reversed(PATCHES[8:]))
