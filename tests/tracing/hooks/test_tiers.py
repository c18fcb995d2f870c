"""The tier of each model, the report about it, and that every switch is restored."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import numpy as np
import pytest
import torch
from transformers import BertPreTrainedModel, PretrainedConfig, PreTrainedModel

import headscope as hs
from zoo.models import ZOO, Animal, build, inputs_of
from zoo.switches import everything

KINDS = ["bert", "falcon", "gptj", "deepseek_v32", "gemma4_text", "llava", "swin", "swinv2", "qwen2_vl"]


def animal_of(kind):
    return next(one for one in ZOO if one.kind == kind)


@pytest.mark.parametrize("error", [None, RuntimeError, KeyboardInterrupt])
@pytest.mark.parametrize("kind", KINDS)
def test_every_switch_is_restored(kind, error):
    animal = animal_of(kind)
    model = build(animal).train()

    def fail(module, *_):
        if error and not isinstance(module, torch.nn.Dropout):
            raise error("broken off")

    last = [module for module in model.modules() if isinstance(module, torch.nn.Linear)][-1]
    hook = last.register_forward_hook(fail)
    before = everything(model)
    if error:
        with pytest.raises(ValueError if error is RuntimeError else error, match="broken off"):
            hs.capture(model, inputs=inputs_of(animal))
    else:
        hs.capture(model, inputs=inputs_of(animal))
    assert everything(model) == before
    hook.remove()


@pytest.mark.parametrize("kind", ["falcon", "gptj"])
def test_nothing_is_recorded_for_other_threads_or_later(kind):
    animal = animal_of(kind)
    model = build(animal)
    capture = hs.capture(model, inputs=inputs_of(animal))
    size = capture.nbytes
    model(**inputs_of(animal))
    assert capture.nbytes == size
    assert capture.maps["self"].num_layers == 3


def test_falcon_that_was_loaded_with_eager_attention():
    animal = animal_of("falcon")
    model = build(animal)
    fused = hs.capture(model, inputs=inputs_of(animal))
    model.config._attn_implementation_internal = "eager"
    eager = hs.capture(model, inputs=inputs_of(animal))
    assert (fused.report().maps[0].tier, eager.report().maps[0].tier) == (2, 3)
    assert abs(fused.weights(1) - eager.weights(1)).max() < 1e-5
    assert model.config._attn_implementation == "eager"


def test_the_report_lists_the_maps():
    report = hs.capture(build(animal_of("llama")), inputs=inputs_of(animal_of("llama"))).report()
    (map_,) = report.maps
    assert (map_.name, map_.tier, map_.num_layers, map_.num_heads, map_.num_kv_heads) == ("self", 1, 3, (4,), (2,))
    assert map_.modules == ("layers.0.self_attn", "layers.1.self_attn", "layers.2.self_attn")
    lines = repr(report).splitlines()
    assert lines[0] == "Capture of LlamaModel"
    assert "attention interface (sdpa): queries and keys" in lines[2]
    assert lines[-1] == "Every attention module that ran is shown."
    assert map_.difference < 1e-6


class OddAttention(torch.nn.Module):
    """Attention that is computed step by step and replaces a layer's."""

    def __init__(self, own):
        super().__init__()
        self.own = own.self.query

    def forward(self, hidden_states, *_arguments, **_options):
        scores = self.own(hidden_states) @ hidden_states.transpose(1, 2)
        return torch.softmax(scores, -1) @ hidden_states, None


def test_a_layer_that_attends_step_by_step_is_shown_with_the_others(new_tiny):
    model = new_tiny("bert")
    model.encoder.layer[1].attention = odd = OddAttention(model.encoder.layer[1].attention)
    seen = []
    odd.register_forward_hook(lambda _, arguments, output: seen.append((arguments[0], output)))
    capture = hs.capture(model, inputs={"input_ids": [[5, 6, 7]]})
    report = capture.report()
    assert report.maps[0].modules[1] == "encoder.layer.1.attention"
    states = seen[0][0][0].double()
    expected = torch.softmax(odd.own(states.float()).double() @ states.T, -1).detach()
    np.testing.assert_allclose(capture.weights(1, 0), expected, atol=1e-5)
    assert not report.missing


class FeatureMapAttention(torch.nn.Module):
    """Linear attention (Katharopoulos et al. 2020): no softmax of queries by keys exists."""

    def __init__(self, own):
        super().__init__()
        self.own = own.self.query

    def forward(self, hidden_states, *_arguments, **_options):
        queries, keys = torch.softmax(self.own(hidden_states), -1), torch.softmax(hidden_states, 1)
        return queries @ (keys.transpose(1, 2) @ hidden_states), None


def test_a_layer_without_weights_is_reported(new_tiny):
    model = new_tiny("bert")
    model.encoder.layer[1].attention = FeatureMapAttention(model.encoder.layer[1].attention)
    report = hs.capture(model, inputs={"input_ids": [[5, 6, 7]]}).report()
    assert report.maps[0].modules == ("encoder.layer.0.attention.self", "encoder.layer.2.attention.self")
    assert list(report.missing) == ["encoder.layer.1.attention"]
    sentence = "Missing: encoder.layer.1.attention: FeatureMapAttention computes attention in code of its own"
    assert sentence in repr(report)
    assert sentence in Tags(report._repr_html_()).text
    assert "Every attention module" not in repr(report)


class WithHead(BertPreTrainedModel):
    """BERT below an encoder of torch's own."""

    def __init__(self, bert):
        super().__init__(bert.config)
        self.bert = bert
        layer = torch.nn.TransformerEncoderLayer(32, 4, 48, batch_first=True)
        self.head = torch.nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)

    def forward(self, input_ids):
        return self.head(self.bert(input_ids).last_hidden_state)


@pytest.mark.parametrize("fast", [True, False])
def test_torchs_own_encoder_layers_are_shown(new_tiny, fast):
    model = WithHead(new_tiny("bert")).eval()
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(fast)
    capture = hs.capture(model, inputs={"input_ids": [[5, 6, 7]]})
    assert torch.backends.mha.get_fastpath_enabled() == fast
    torch.backends.mha.set_fastpath_enabled(before)
    report = capture.report()
    assert report.maps[0].modules[-2:] == ("head.layers.0.self_attn", "head.layers.1.self_attn")
    assert not report.missing
    with torch.no_grad():
        states = model.bert(torch.tensor([[5, 6, 7]])).last_hidden_state
        _, expected = model.head.layers[0].self_attn(states, states, states, average_attn_weights=False)
    np.testing.assert_allclose(capture.weights(3), expected[0], atol=1e-6)


def test_a_tower_that_attends_in_windows_is_shown():
    sound = {
        "hidden_size": 32,
        "patch_embeds_hidden_size": 16,
        "depths": [1, 1],
        "num_attention_heads": [2, 4],
        "window_size": 2,
    }
    sound |= {"num_mel_bins": 8, "spec_size": 16, "patch_size": 4, "patch_stride": [4, 4], "projection_dim": 16}
    text = next(one for one in ZOO if one.kind == "roberta").config
    animal = Animal("clap", {"text_config": text, "audio_config": sound, "projection_dim": 16})
    inputs = inputs_of(animal) | {"input_features": torch.randn(1, 1, 16, 8)}
    capture = hs.capture(build(animal), inputs=inputs)
    assert [name.split()[0] for name in capture.maps] == ["text", "audio", "audio"]
    assert not capture.report().missing
    for name, map_ in capture.maps.items():
        rows = capture.weights(0, map=name).sum(-1)
        np.testing.assert_allclose(rows, np.ones_like(rows), atol=1e-6)
        assert map_.num_layers


def test_weights_that_a_model_does_not_return_are_shown():
    text, image = animal_of("bert").config, animal_of("vit").config
    both = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4}
    parts = {"text_config": text, "image_config": image, "multimodal_config": both}
    animal = Animal("flava", dict(parts, hidden_size=32, projection_dim=16), "text and pixels")
    inputs = inputs_of(animal)
    capture = hs.capture(build(animal), inputs=inputs | {"attention_mask": torch.ones_like(inputs["input_ids"])})
    assert {"text", "vision"} < set(capture.maps)
    assert capture.maps["vision"].query_tokens[:2] == ("[CLS]", "0,0")
    assert not capture.report().missing


class OwnWay(PreTrainedModel):
    """A model whose attention has no weights."""

    config_class = PretrainedConfig

    def __init__(self, config):
        super().__init__(config)
        self.attention = FeatureMapAttention(build(animal_of("bert")).encoder.layer[0].attention)

    def forward(self, inputs_embeds):
        return self.attention(inputs_embeds)[0]


def test_a_model_that_leaves_no_attention_is_refused_after_the_pass():
    model = OwnWay(PretrainedConfig())
    before = everything(model)
    with pytest.raises(ValueError, match=r"OwnWay ran, but no attention was recorded: .* hs\.from_attentions"):
        hs.capture(model, inputs={"inputs_embeds": torch.randn(1, 3, 32)})
    assert everything(model) == before


def test_the_report_explains_weights_without_vectors():
    report = hs.capture(build(animal_of("gptj")), inputs=inputs_of(animal_of("gptj"))).report()
    assert report.maps[0].tier == 3
    assert report.maps[0].modules[0] == "h.0.attn"
    assert "step by step" in repr(report)


def test_the_report_of_given_weights():
    report = hs.from_attentions([torch.full((1, 2, 3, 3), 1 / 3)], ["a", "b", "c"]).report()
    assert (report.maps[0].tier, report.maps[0].num_heads) == (None, (2,))
    assert "given weights" in repr(report)


class Tags(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.opened, self.closed, self.text = [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        plain = all(re.fullmatch("style=text-align: (left|right)", "=".join(pair)) for pair in attributes)
        assert plain, "a plain table: no links, no styles but the side of text"
        self.opened.append(tag)

    def handle_endtag(self, tag):
        self.closed.append(tag)

    def handle_data(self, data):
        self.text += data


def test_the_report_is_a_plain_table_in_a_notebook():
    capture = hs.capture(build(animal_of("clip")), inputs=inputs_of(animal_of("clip")), name="<script>")
    capture.report().missing["a<b"] = "because & so"
    tags = Tags(capture.report()._repr_html_())
    assert sorted(tags.opened) == sorted(tags.closed)
    assert tags.opened.count("tr") == 3
    assert "script" not in tags.opened
    assert "a<b: because & so" in tags.text
    assert "<script>" in tags.text


def test_layers_of_other_kinds_are_not_attention():
    capture = hs.capture(build(animal_of("qwen3_next")), inputs=inputs_of(animal_of("qwen3_next")))
    assert capture.report().maps[0].modules == ("layers.1.self_attn", "layers.3.self_attn")
    assert not capture.report().missing
