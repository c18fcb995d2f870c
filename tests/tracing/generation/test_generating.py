"""Captures of generated text: the user's options, the step of each token, and the candidates."""

from __future__ import annotations

from contextlib import nullcontext

import numpy as np
import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM

import headscope as hs
from zoo.models import DECODERS, build

IDS = torch.randint(3, 90, (1, 6), generator=torch.Generator().manual_seed(7))
KINDS = ["gpt2", "llama"]


def writer(kind):
    animal = next(one for one in DECODERS if one.kind == kind)
    changed = type(animal)(animal.kind, animal.config, auto="AutoModelForCausalLM")
    return build(changed)


@pytest.fixture(scope="module")
def writers():
    return {kind: writer(kind) for kind in KINDS}


def test_which_tokens_were_generated_at_which_step(writers):
    capture = hs.capture_generation(writers["llama"], inputs={"input_ids": IDS}, max_new_tokens=3, eos_token_id=98)
    assert capture.generation.map == "self"
    assert capture.generation.num_prompt == 6
    assert capture.generation.steps == (None,) * 6 + (0, 1, 2)


@pytest.mark.parametrize(
    "options",
    [
        {"do_sample": True, "top_k": 5, "temperature": 2.0},
        {"num_beams": 3},
        {"cache_implementation": "static"},
        {"return_dict_in_generate": True},
    ],
    ids=["sampling", "beams", "static cache", "dictionary"],
)
def test_options_of_generate(writers, options):
    model, options = writers["llama"], {"max_new_tokens": 4, "eos_token_id": 98} | options
    torch.manual_seed(5)
    written = model.generate(input_ids=IDS, **options)
    written = written if isinstance(written, torch.Tensor) else written.sequences
    torch.manual_seed(5)
    capture = hs.capture_generation(model, inputs={"input_ids": IDS}, **options)
    assert capture.maps["self"].query_tokens == tuple(str(int(id_)) for id_ in written[0])
    expected = hs.capture(model, inputs={"input_ids": written})
    np.testing.assert_array_equal(capture.weights(2), expected.weights(2))


@pytest.mark.parametrize("kind", ["gpt2", "llama"])
def test_a_padded_prompt_of_a_batch(writers, kind):
    ids = torch.cat([IDS, IDS.flip(1)])
    mask = torch.tensor([[0, 0, 1, 1, 1, 1], [1] * 6])
    options = {"max_new_tokens": 3, "do_sample": False, "eos_token_id": 98, "pad_token_id": 0}
    batch = {"input_ids": ids, "attention_mask": mask}
    capture = hs.capture_generation(writers[kind], inputs=batch, **options)
    alone = hs.capture_generation(writers[kind], inputs={"input_ids": IDS[:, 2:]}, **options)
    assert capture.maps["self"].query_tokens == alone.maps["self"].query_tokens
    assert capture.generation.num_prompt == 4
    second = hs.capture_generation(writers[kind], inputs=batch, sequence_index=1, **options)
    assert second.maps["self"].query_tokens[:6] == tuple(str(int(id_)) for id_ in ids[1])


def test_padding_after_the_end_is_left_out(writers):
    model, options = writers["llama"], {"max_new_tokens": 8, "do_sample": False, "pad_token_id": 0}
    free = model.generate(input_ids=IDS, **options, eos_token_id=98)
    end = int(free[0, 8])
    capture = hs.capture_generation(model, inputs={"input_ids": IDS}, **options, eos_token_id=end)
    assert capture.maps["self"].query_tokens[-1] == str(end)
    assert len(capture.generation.steps) <= 9


def test_a_text_without_an_end_token(writers):
    model, options = writers["llama"], {"max_new_tokens": 8, "do_sample": False, "pad_token_id": 0}
    end = int(model.generate(input_ids=IDS, **options, eos_token_id=None)[0, 8])
    capture = hs.capture_generation(model, inputs={"input_ids": IDS}, **options, eos_token_id=None)
    assert capture.generation.steps[-1] == 7
    assert str(end) in capture.maps["self"].query_tokens[6:]
    several = hs.capture_generation(model, inputs={"input_ids": IDS}, **options, eos_token_id=[97, end])
    assert several.maps["self"].query_tokens[-1] == str(end)


@pytest.mark.parametrize("kind", ["t5", "bart"])
def test_an_encoder_decoder(tiny, kind):
    model, options = tiny(kind).model, {"max_new_tokens": 5, "num_beams": 2}
    written = model.generate(input_ids=IDS, **options)[0].tolist()
    capture = hs.capture_generation(model, inputs={"input_ids": IDS}, **options)
    assert capture.maps["decoder"].query_tokens == tuple(str(id_) for id_ in written)
    assert capture.generation.steps[:2] == (None, 0)
    assert capture.maps["cross"].key_tokens == capture.maps["encoder"].key_tokens


def test_candidates_are_the_models_probabilities(writers):
    capture = hs.capture_generation(writers["llama"], inputs={"input_ids": IDS}, max_new_tokens=2, eos_token_id=98)
    ids = torch.tensor([[int(token) for token in capture.maps["self"].query_tokens]])
    with torch.no_grad():
        wanted = torch.softmax(writers["llama"](input_ids=ids).logits[0], dim=-1)
    found = capture.logits
    assert found.ids.shape == found.probabilities.shape == (8, 10)
    picked = wanted.gather(1, torch.from_numpy(found.ids)).numpy()
    np.testing.assert_allclose(found.probabilities, picked, rtol=0, atol=1e-6)
    np.testing.assert_allclose(found.probabilities, np.sort(wanted.numpy())[:, :-11:-1], rtol=0, atol=1e-6)
    assert found.tokens[5][0] == str(int(ids[0, 6])), "greedy decoding takes the first candidate"


def test_how_many_candidates_are_kept(writers):
    assert hs.capture(writers["llama"], inputs={"input_ids": IDS}).logits.ids.shape == (6, 5)
    assert hs.capture(writers["llama"], inputs={"input_ids": IDS}, candidates=1).logits.ids.shape == (6, 1)


def test_a_model_that_cannot_generate(tiny):
    with pytest.raises(ValueError, match="BertModel can't generate"):
        hs.capture_generation(tiny("bert").model, inputs={"input_ids": IDS})


def test_an_empty_prompt(writers, smollm2_tokenizer):
    with pytest.raises(ValueError, match="the text is empty"):
        hs.capture_generation(writers["llama"], smollm2_tokenizer, "")
    with pytest.raises(ValueError, match="neither a prompt nor inputs were given"):
        hs.capture_generation(writers["llama"])


@pytest.mark.parametrize("error", [None, RuntimeError, KeyboardInterrupt])
@pytest.mark.parametrize("kind", ["gpt2", "llama"])
def test_the_model_is_as_before(writers, kind, error):
    model, calls = writers[kind].train(), []

    def fail(*_):
        calls.append(1)
        if error and len(calls) == 3:
            raise error("broken off")

    hook = model.lm_head.register_forward_hook(fail)
    before = [dict(vars(model.generation_config)), model.config.to_dict(), model.config._attn_implementation]
    raised = ValueError if error is RuntimeError else error
    with pytest.raises(raised, match="broken off") if raised else nullcontext():
        hs.capture_generation(model, inputs={"input_ids": IDS}, max_new_tokens=4, eos_token_id=98)
    hook.remove()
    after = [dict(vars(model.generation_config)), model.config.to_dict(), model.config._attn_implementation]
    assert after == before
    assert all(module.training for module in model.modules())
    model.eval()


def test_candidates_need_logits(tiny):
    with pytest.raises(ValueError, match="BertModel returns none: load the model with"):
        hs.capture(tiny("bert").model, inputs={"input_ids": IDS}, candidates=3)


def test_shared_keys_are_captured_at_every_position():
    animal = next(one for one in DECODERS if one.kind == "gemma4_text")
    config = AutoConfig.for_model(animal.kind, **animal.config)
    model = AutoModelForCausalLM.from_config(config).eval()
    map_ = hs.capture(model, inputs={"input_ids": IDS}).maps["self"]
    assert map_.num_layers == 3
    assert map_.block(2).shape == (4, 6, 6)


def segments(map_):
    return [(name, "".join(map_.query_tokens[start:stop])) for name, start, stop in map_.query_segments]


def test_prompt_and_generated_text_are_segments(writers):
    ids = torch.tensor([[0, 0, 5, 6, 7, 8], [9, 10, 11, 12, 13, 14]])
    batch = {"input_ids": ids, "attention_mask": (ids != 0).long()}
    options = {"max_new_tokens": 3, "eos_token_id": 98}
    capture = hs.capture_generation(writers["llama"], inputs=batch, **options)
    assert capture.maps["self"].query_segments == (("prompt", 0, 4), ("generated", 4, 7))
    ranges = hs.capture_generation(writers["llama"], inputs=batch, segments=[("a", 1, 3)], **options)
    assert ranges.maps["self"].key_segments == (("a", 1, 3), ("generated", 4, 7))
    assert hs.capture_generation(writers["llama"], inputs=batch, segments=[], **options).maps["self"].key_segments == ()
    with pytest.raises(ValueError, match="'a' from 1 to 5 is not within the 4 tokens of input_ids"):
        hs.capture_generation(writers["llama"], inputs=batch, segments=[("a", 1, 5)], **options)


def test_segments_of_a_prompt(smollm2):
    options = {"max_new_tokens": 4, "do_sample": False, "layers": [0], "progress": False}
    model, tokenizer = smollm2.model, smollm2.tokenizer
    capture = hs.capture_generation(model, tokenizer, "Red. Blue is", segments="sentences", **options)
    first, second, new = segments(capture.maps["self"])
    assert (first, second) == (("sentence 1", "Red."), ("sentence 2", " Blue is"))
    assert new == ("generated", "".join(capture.maps["self"].query_tokens[capture.generation.num_prompt :]))
    plain = hs.capture_generation(model, tokenizer, "Red. Blue is", **options)
    assert segments(plain.maps["self"]) == [("prompt", "Red. Blue is"), new]


def test_segments_of_a_continued_chat(smollm2):
    chat = [{"role": "user", "content": "Say yes."}]
    capture = hs.capture_generation(
        smollm2.model, smollm2.tokenizer, chat, max_new_tokens=3, do_sample=False, layers=[0], progress=False
    )
    names, texts = zip(*segments(capture.maps["self"]), strict=True)
    assert names == ("system", "user", "generated")
    assert texts[1] == "<|im_start|>user\nSay yes.<|im_end|>\n"
    start, stop = (capture.maps["self"].query_segments[at][part] for at, part in ((1, 2), (2, 1)))
    assert "".join(capture.maps["self"].query_tokens[start:stop]) == "<|im_start|>assistant\n"


def test_the_bos_token_does_not_belong_to_the_prompt(writers, seq2seq_tokenizer):
    seq2seq_tokenizer.bos_token = seq2seq_tokenizer.convert_ids_to_tokens(5)
    ids = torch.tensor([[5, 6, 7]])
    capture = hs.capture_generation(
        writers["llama"], seq2seq_tokenizer, inputs={"input_ids": ids}, max_new_tokens=2, eos_token_id=98
    )
    assert capture.maps["self"].query_segments == (("prompt", 1, 3), ("generated", 3, 5))


def test_segments_of_a_generating_encoder_decoder(tiny, seq2seq_tokenizer):
    capture = hs.capture_generation(
        tiny("bart").model, seq2seq_tokenizer, "red green blue", segments=[("it", 4, 9)], max_new_tokens=4
    )
    cross = capture.maps["cross"]
    assert [name for name, *_ in cross.key_segments] == ["it"]
    assert cross.query_segments == (("generated", 1, len(cross.query_tokens)),)


def test_a_wrong_segment_is_refused_before_anything_is_generated(writers, seq2seq_tokenizer, monkeypatch):
    monkeypatch.setattr(type(writers["llama"]), "generate", None)
    with pytest.raises(ValueError, match="the marker 'cow' is not in the text"):
        hs.capture_generation(writers["llama"], seq2seq_tokenizer, "red green", segments=["cow"])
