"""Queries of resamplers, predicted patches and cross-attention of two towers: positions are named by what they are."""

from __future__ import annotations

import pytest
import torch
import transformers as tf

import headscope as hs
from zoo.every.cases import born
from zoo.every.classes import classes_of
from zoo.every.inputs import inputs_of

SMALL = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
VISION = dict(SMALL, image_size=16, patch_size=8)
OPT = {"model_type": "opt", "vocab_size": 99, "hidden_size": 16, "ffn_dim": 16, "num_hidden_layers": 1}
TEXT = dict(OPT, num_attention_heads=2, word_embed_proj_dim=16)
QUERIES = ["query 0", "query 1", "query 2"]
PATCHES = ["[CLS]", "0,0", "0,1", "1,0", "1,1"]


def ids(pictures):
    return torch.tensor([[5, *[98] * (3 * pictures), 6, 7]])


def blip(kind, **settings):
    torch.manual_seed(0)
    parts = {"vision_config": VISION, "text_config": TEXT, "qformer_config": dict(SMALL, vocab_size=50)}
    parts["qformer_config"] |= {"encoder_hidden_size": 16, "cross_attention_frequency": 1}
    config = getattr(tf, f"{kind}Config")(**parts, num_query_tokens=3, image_token_index=98, **settings)
    return getattr(tf, f"{kind}ForConditionalGeneration")(config).eval()


def test_placeholders_stand_for_queries():
    inputs = {"input_ids": ids(1), "pixel_values": torch.randn(1, 3, 16, 16)}
    maps = hs.capture(blip("Blip2"), inputs=inputs).maps
    assert maps["text"].query_tokens == ("5", *(f"image {name}" for name in QUERIES), "6", "7")
    assert maps["resampler"].query_tokens == tuple(QUERIES)
    assert maps["resampler 2"].key_tokens == tuple(PATCHES)


def test_a_q_former_reads_a_text_behind_its_queries():
    inputs = {"input_ids": ids(1), "pixel_values": torch.randn(1, 3, 16, 16)}
    inputs["qformer_input_ids"] = torch.tensor([[11, 12]])
    maps = hs.capture(blip("InstructBlip"), inputs=inputs).maps
    assert maps["resampler"].query_tokens == (*QUERIES, "11", "12")
    assert maps["resampler 2"].query_tokens == tuple(QUERIES)


def test_queries_of_each_frame():
    inputs = {"input_ids": ids(2), "pixel_values": torch.randn(1, 2, 3, 16, 16)}
    inputs["qformer_input_ids"] = torch.tensor([[11, 12]])
    maps = hs.capture(blip("InstructBlipVideo", video_token_index=98), inputs=inputs).maps
    frames = [f"video frame {frame}: {name}" for frame in (1, 2) for name in QUERIES]
    assert maps["text"].query_tokens == ("5", *frames, "6", "7")
    texts = [f"image {frame}: {name}" for frame in (1, 2) for name in (*QUERIES, "11", "12")]
    assert maps["resampler"].query_tokens == tuple(texts)
    assert maps["resampler 2"].query_tokens == tuple(name for name in texts if "query" in name)


def test_a_resampler_reads_patches_and_its_own_latents():
    torch.manual_seed(0)
    text = dict(SMALL, model_type="mistral", vocab_size=99, num_key_value_heads=1, pad_token_id=0)
    perceiver = {"hidden_size": 16, "resampler_n_latents": 3, "resampler_depth": 1, "resampler_n_heads": 2}
    perceiver |= {"resampler_head_dim": 8, "num_key_value_heads": 1}
    parts = {"vision_config": VISION, "text_config": text, "perceiver_config": perceiver}
    model = tf.Idefics2Model(tf.Idefics2Config(**parts, image_token_id=98)).eval()
    inputs = {"input_ids": ids(1), "pixel_values": torch.randn(1, 1, 3, 16, 16)}
    maps = hs.capture(model, inputs=inputs).maps
    latents = tuple(f"latent {place}" for place in range(3))
    assert maps["text"].query_tokens == ("5", *(f"image {name}" for name in latents), "6", "7")
    assert maps["resampler"].query_tokens == latents
    assert maps["resampler"].key_tokens == (*(f"patch {cell}" for cell in PATCHES[1:]), *latents)


def test_each_direction_of_two_towers_is_a_map():
    torch.manual_seed(0)
    small = dict(SMALL, hidden_size=64)  # its image tower has a head for each 64 features
    text, vision = dict(small, vocab_size=50), {"hidden_size": 64, "num_hidden_layers": 2, "image_size": 16}
    vision |= {"patch_size": 8, "intermediate_size": 16}
    config = tf.BridgeTowerConfig(**small, text_config=dict(text, num_hidden_layers=2), vision_config=vision)
    model = tf.BridgeTowerModel(config).eval()
    shown = {"input_ids": torch.tensor([[5, 6, 7, 1]]), "attention_mask": torch.tensor([[1, 1, 1, 0]])}
    maps = hs.capture(model, inputs=shown | {"pixel_values": torch.randn(1, 3, 16, 16)}).maps
    words, patches = ("5", "6", "7"), tuple(PATCHES)
    sides = {name: (map_.query_tokens, map_.key_tokens) for name, map_ in maps.items()}
    assert sides["text-to-image"] == (words, patches)
    assert sides["image-to-text"] == (patches, words)
    assert sides["text"] == (words, words)
    assert {sides[name] for name in sides if name.startswith("vision")} == {(patches, patches)}
    assert maps["image-to-text"].label == "Image to text"


@pytest.mark.skipif(not hasattr(tf, "VJEPA2Model"), reason="newer than this version")
@pytest.mark.parametrize("row", [0, 1])
@pytest.mark.parametrize("masked", [False, True])
def test_patches_that_a_model_reads_and_predicts(masked, row):
    torch.manual_seed(0)
    sizes = {f"{part}{name}": 16 for part in ("", "pred_") for name in ("hidden_size",)}
    sizes |= {f"{part}{name}": 2 for part in ("", "pred_") for name in ("num_hidden_layers", "num_attention_heads")}
    config = tf.VJEPA2Config(**sizes, crop_size=32, patch_size=16, frames_per_clip=4, pred_zero_init_mask_tokens=False)
    model = tf.VJEPA2Model(config).eval()
    inputs = {"pixel_values_videos": torch.randn(2, 4, 3, 32, 32)}
    if masked:
        inputs |= {
            "context_mask": [torch.tensor([[0, 3, 5], [7, 2, 4]])],
            "target_mask": [torch.tensor([[6, 1], [0, 3]])],
        }
    seen = []
    hook = model.predictor.layer[0].register_forward_pre_hook(lambda _module, given: seen.append(given[:2]))
    with torch.no_grad():
        model(**inputs)
    hook.remove()
    states, places = (part[row] for part in seen[0])
    predicted = (states - model.predictor.embeddings.mask_tokens[1 % config.pred_num_mask_tokens][0]).abs().amax(-1)
    cells = [f"frame {frame}: {at},{to}" for frame in (1, 2) for at in (0, 1) for to in (0, 1)]
    wanted = [
        f"predicted {cells[place]}" if far == 0 else cells[place]
        for far, place in zip(predicted.tolist(), places.tolist(), strict=True)
    ]
    map_ = list(hs.capture(model, inputs=inputs, batch_index=row).maps.values())[-1]
    assert map_.query_tokens == map_.key_tokens == tuple(wanted)
    assert sum(name.startswith("predicted") for name in wanted) == (2 if masked else 8)


def test_patches_are_named_after_the_rows_and_columns_that_were_given():
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "patch_embed_hidden_size": 16, "d_kv": 8, "d_ff": 16, "num_hidden_layers": 1}
    config = tf.Pix2StructVisionConfig(**sizes, num_attention_heads=2, seq_len=8)
    model = tf.Pix2StructVisionModel(config).eval()
    places = torch.tensor([[[1.0, 1], [1, 2], [2, 1], [0, 0]], [[3, 1], [1, 2], [2, 2], [1, 1]]])
    patches = torch.cat([places, torch.randn(2, 4, 16)], -1)
    names = [
        hs.capture(model, inputs={"flattened_patches": patches}, batch_index=row).maps["self"].query_tokens
        for row in (0, 1)
    ]
    assert names == [("0,0", "0,1", "1,0", "[PAD]"), ("2,0", "0,1", "1,1", "0,0")]


@pytest.mark.skipif(not hasattr(tf, "Phi4MultimodalAudioConfig"), reason="newer than this version")
def test_numbers_that_an_embedding_reads_are_no_words():
    """An embedding of distances is no embedding of words."""
    model, recipe = born("phi4_multimodal_audio", classes_of("phi4_multimodal_audio")[0])
    names = hs.capture(model, inputs=inputs_of(model, 1, recipe)).maps["self"].query_tokens
    assert names == tuple(map(str, range(len(names))))
