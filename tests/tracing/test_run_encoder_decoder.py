"""Encoder, decoder and cross-attention: three maps, each with its own tokens, equal to eager attention."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
import transformers
from transformers import AutoModelForCausalLM, BartConfig, EncoderDecoderModel

import headscope as hs

KINDS = ["t5", "bart"]
NAMES = ["encoder", "decoder", "cross"]


def random_ids(*shape: int) -> torch.Tensor:
    return torch.randint(3, 99, shape, generator=torch.Generator().manual_seed(2))


def assert_equal(capture, eager, inputs, row, source=slice(None), target=slice(None)):
    with torch.no_grad():
        outputs = eager(**inputs, output_attentions=True)
    assert list(capture.maps) == NAMES
    for name, queries, keys in (("encoder", source, source), ("decoder", target, target), ("cross", target, source)):
        expected = outputs[f"{name}_attentions"]
        assert capture.maps[name].num_layers == len(expected)
        for layer, weights in enumerate(expected):
            wanted = weights[row].numpy()[:, queries][:, :, keys]
            np.testing.assert_allclose(capture.weights(layer, map=name), wanted, rtol=0, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_three_maps(tiny, kind):
    loaded = tiny(kind)
    inputs = {"input_ids": random_ids(1, 11), "decoder_input_ids": random_ids(1, 6)}
    capture = hs.capture(loaded.model, inputs=inputs)
    assert_equal(capture, loaded.eager, inputs, 0)
    assert capture.maps["cross"].query_tokens == capture.maps["decoder"].query_tokens
    assert capture.maps["cross"].key_tokens == capture.maps["encoder"].key_tokens
    assert [capture.maps[name].label for name in NAMES] == ["Encoder", "Decoder", "Cross"]


@pytest.mark.parametrize("kind", KINDS)
def test_padding_on_both_sides_of_the_model(tiny, kind):
    loaded = tiny(kind)
    source, target = torch.ones(2, 11, dtype=torch.long), torch.ones(2, 6, dtype=torch.long)
    source[1, 7:] = 0
    target[1, 4:] = 0
    inputs = {
        "input_ids": random_ids(2, 11),
        "attention_mask": source,
        "decoder_input_ids": random_ids(2, 6),
        "decoder_attention_mask": target,
    }
    capture = hs.capture(loaded.model, inputs=inputs, batch_index=1)
    assert len(capture.maps["encoder"].key_tokens) == 7
    assert len(capture.maps["cross"].query_tokens) == 4
    assert_equal(capture, loaded.eager, inputs, 1, slice(7), slice(4))


@pytest.mark.parametrize("kind", KINDS)
def test_without_a_target_the_decoder_reads_the_generated_text(tiny, kind):
    loaded, inputs = tiny(kind), {"input_ids": random_ids(1, 9)}
    written = loaded.model.generate(**inputs, do_sample=False, num_beams=1, max_new_tokens=64)
    capture = hs.capture(loaded.model, inputs=inputs)
    read = tuple(str(int(id_)) for id_ in written[0, :-1])
    assert capture.maps["decoder"].query_tokens == read
    assert_equal(capture, loaded.eager, inputs | {"decoder_input_ids": written[:, :-1]}, 0)
    assert f"it reads the {len(read)} tokens that the model generates" in capture.report().notes[0]
    given = hs.capture(loaded.model, inputs=inputs | {"decoder_input_ids": written[:, :-1]})
    assert given.report().notes == ()


def test_texts_of_a_batch_may_end_at_different_steps(new_tiny):
    model, ids = new_tiny("bart"), random_ids(3, 9)
    model.generation_config.max_new_tokens = 12
    written = model.generate(input_ids=ids, do_sample=False)
    model.generation_config.eos_token_id = [int(written[0, 2]), int(written[1, 1])]
    alone = [model.generate(input_ids=ids[row : row + 1], do_sample=False)[0, :-1].tolist() for row in range(3)]
    assert len({len(tokens) for tokens in alone}) > 1
    for row in range(3):
        maps = hs.capture(model, inputs={"input_ids": ids}, batch_index=row).maps
        assert maps["decoder"].query_tokens == tuple(map(str, alone[row]))


def test_labels_are_what_the_decoder_writes(tiny):
    loaded, labels = tiny("t5"), random_ids(1, 5)
    capture = hs.capture(loaded.model, inputs={"input_ids": random_ids(1, 9), "labels": labels})
    expected = [1, *labels[0, :-1].tolist()]
    assert capture.maps["decoder"].query_tokens == tuple(map(str, expected))


def test_a_model_that_cannot_write_reads_its_start_token(tiny):
    encoder_decoder = tiny("bart").model.model
    maps = hs.capture(encoder_decoder, inputs={"input_ids": random_ids(1, 9)}).maps
    assert maps["decoder"].query_tokens == ("1",)
    assert maps["cross"].block(0).shape == (4, 1, 9)


@pytest.mark.skipif(not hasattr(transformers, "Florence2Model"), reason="newer than this version")
def test_a_start_token_of_the_text_config():
    """Models of images and text may name it only there, and run it alone if they are given nothing else."""
    torch.manual_seed(0)
    sizes = {"d_model": 32, "encoder_layers": 1, "decoder_layers": 1, "encoder_ffn_dim": 32, "decoder_ffn_dim": 32}
    text = BartConfig(**sizes, vocab_size=99, encoder_attention_heads=2, decoder_attention_heads=2)
    text.decoder_start_token_id = 7
    stages = {"embed_dim": [8], "depths": [1], "num_heads": [1], "num_groups": [1], "patch_size": [4]}
    vision = stages | {"patch_stride": [4], "patch_padding": [1], "patch_prenorm": [False], "projection_dim": 32}
    config = transformers.Florence2Config(text_config=text, vision_config=vision, image_token_id=98)
    model = transformers.Florence2Model(config).eval()
    ids, seen = random_ids(1, 6), []
    hook = model.language_model.decoder.register_forward_pre_hook(
        lambda _module, _arguments, options: seen.append(options["input_ids"].tolist()), with_kwargs=True
    )
    with torch.no_grad():
        model(input_ids=ids)
    hook.remove()
    capture = hs.capture(model, inputs={"input_ids": ids})
    assert seen == [[[7]]]
    assert capture.maps["decoder"].query_tokens == ("7",)
    assert capture.maps["cross"].block(0).shape == (2, 1, 6)


def test_target_text(tiny, seq2seq_tokenizer):
    loaded = tiny("t5")
    capture = hs.capture(loaded.model, seq2seq_tokenizer, "red green", target="blue red")
    assert capture.maps["encoder"].key_tokens == ("red", "green", "</s>")
    assert capture.maps["cross"].query_tokens == ("<s>", "blue", "red")
    ids = seq2seq_tokenizer(["red green"], return_tensors="pt")["input_ids"]
    target = torch.tensor([[1, *seq2seq_tokenizer("blue red")["input_ids"][:-1]]])
    assert_equal(capture, loaded.eager, {"input_ids": ids, "decoder_input_ids": target}, 0)


def test_target_and_decoder_inputs_do_not_go_together(tiny, seq2seq_tokenizer):
    inputs = {"input_ids": random_ids(1, 9), "decoder_input_ids": random_ids(1, 2)}
    with pytest.raises(ValueError, match=r"target was given together with inputs\['decoder_input_ids'\]"):
        hs.capture(tiny("t5").model, seq2seq_tokenizer, inputs=inputs, target="red")


def test_target_needs_a_decoder(tiny, seq2seq_tokenizer):
    with pytest.raises(ValueError, match="target is for encoder-decoder models"):
        hs.capture(tiny("bert").model, seq2seq_tokenizer, "red", target="blue")


def test_an_encoder_alone_has_one_map(tiny):
    capture = hs.capture(tiny("t5").model.get_encoder(), inputs={"input_ids": random_ids(1, 5)})
    assert list(capture.maps) == ["self"]
    assert capture.maps["self"].num_layers == 3


def test_the_second_sentence_of_the_encoder(tiny, seq2seq_tokenizer):
    capture = hs.capture(tiny("bart").model, seq2seq_tokenizer, "red green", "blue", target="red")
    assert [map_.sentence_b_start for map_ in capture.maps.values()] == [3, None, None]


def test_two_combined_models(new_tiny):
    decoder = AutoModelForCausalLM.from_config(
        new_tiny("gpt2", vocab_size=300, add_cross_attention=True, is_decoder=True).config
    )
    model = EncoderDecoderModel(encoder=new_tiny("bert"), decoder=decoder).eval()
    inputs = {"input_ids": random_ids(1, 6), "decoder_input_ids": random_ids(1, 4) + 200}
    eager = copy.deepcopy(model)
    for module in eager.modules():  # set_attn_implementation does not reach the configs of its parts
        if hasattr(module, "config"):
            module.config._attn_implementation = "eager"
    assert_equal(hs.capture(model, inputs=inputs), eager, inputs, 0)
    with pytest.raises(ValueError, match="the decoder's text holds token id 300"):
        hs.capture(model, inputs=inputs | {"decoder_input_ids": torch.tensor([[300]])})


def test_a_decoder_without_a_start_token(new_tiny):
    model = new_tiny("t5")
    for config in (model.config, model.generation_config):
        config.decoder_start_token_id = config.bos_token_id = None
    with pytest.raises(ValueError, match="T5ForConditionalGeneration names no decoder_start_token_id"):
        hs.capture(model, inputs={"input_ids": random_ids(1, 6)})


def test_cross_attention_to_something_that_is_not_text(tiny):
    loaded = tiny("gpt2", add_cross_attention=True)
    seen = torch.randn(1, 7, 32, generator=torch.Generator().manual_seed(3))
    inputs = {"input_ids": random_ids(1, 5), "encoder_hidden_states": seen}
    capture = hs.capture(loaded.model, inputs=inputs)
    with torch.no_grad():
        outputs = loaded.eager(**inputs, output_attentions=True)
    assert capture.maps["cross"].key_tokens == tuple("0123456")
    assert capture.maps["cross"].query_tokens == capture.maps["self"].query_tokens
    for layer in range(3):
        for name, expected in (("self", outputs.attentions), ("cross", outputs.cross_attentions)):
            np.testing.assert_allclose(capture.weights(layer, map=name), expected[layer][0].numpy(), rtol=0, atol=1e-5)
