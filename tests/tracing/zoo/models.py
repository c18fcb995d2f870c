"""The models of the zoo: for each, a config small enough to run in a moment, and the inputs that it reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
import transformers
from torch import Tensor
from transformers import CONFIG_MAPPING

OLD_VERSION = transformers.__version__.startswith("4.")
"""Whether this is the oldest supported transformers, in which some models need another tier."""

VOCABULARY = 99
SPREAD = 0.25
"""The standard deviation to which matrices are scaled; small random weights give flat attention, which hides errors."""


@dataclass(frozen=True)
class Animal:
    """One architecture."""

    kind: str
    """Its `model_type`."""
    config: Mapping[str, Any]
    """The settings that make it tiny."""
    reads: str = "text"
    """`"text"`, `"pair"` (encoder and decoder), `"pixels"`, or another kind of `inputs_of`."""
    maps: tuple[str, ...] = ("self",)
    """The attention maps that a capture has."""
    tier: int = 1
    auto: str = "AutoModel"
    spread: float = SPREAD
    missing: int = 0
    """The number of attention modules that no tier can record."""
    placeholders: int = 16
    """The number of tokens that stand for an image in a text."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Further inputs for each text."""


SPECIAL = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
TINY = dict(
    SPECIAL,
    vocab_size=VOCABULARY,
    hidden_size=32,
    intermediate_size=48,
    num_hidden_layers=3,
    num_attention_heads=4,
    max_position_embeddings=64,
)
GROUPED = dict(TINY, num_key_value_heads=2, head_dim=8)
MIXTURE = dict(GROUPED, num_experts_per_tok=1, moe_intermediate_size=16)
OLD = dict(SPECIAL, vocab_size=VOCABULARY, n_embd=32, n_layer=3, n_head=4, n_positions=64)
BART = dict(
    SPECIAL,
    vocab_size=VOCABULARY,
    d_model=32,
    decoder_start_token_id=1,
    encoder_layers=2,
    decoder_layers=3,
    encoder_attention_heads=4,
    decoder_attention_heads=4,
    encoder_ffn_dim=48,
    decoder_ffn_dim=48,
    max_position_embeddings=64,
)
T5 = dict(
    SPECIAL,
    vocab_size=VOCABULARY,
    d_model=32,
    d_kv=8,
    d_ff=48,
    num_layers=3,
    num_decoder_layers=2,
    num_heads=4,
    decoder_start_token_id=1,
)
LATENT = dict(
    MIXTURE,
    num_key_value_heads=4,
    n_routed_experts=4,
    n_group=1,
    topk_group=1,
    kv_lora_rank=16,
    q_lora_rank=16,
    qk_rope_head_dim=8,
    qk_nope_head_dim=8,
    v_head_dim=12,
    first_k_dense_replace=1,
    head_dim=8,
)
LATENT_SPARSE = dict(LATENT, index_topk=4, index_head_dim=16, index_n_heads=2)
VISION = dict(
    hidden_size=32,
    intermediate_size=48,
    num_hidden_layers=2,
    num_attention_heads=4,
    image_size=16,
    patch_size=4,
    num_channels=3,
)
SWIN = dict(image_size=32, patch_size=2, embed_dim=16, depths=[2, 2], num_heads=[2, 4], window_size=4)
WAV = dict(
    vocab_size=VOCABULARY,
    hidden_size=32,
    intermediate_size=48,
    num_hidden_layers=2,
    num_attention_heads=4,
    conv_dim=[16, 16],
    conv_stride=[5, 2],
    conv_kernel=[10, 3],
    num_feat_extract_layers=2,
    num_conv_pos_embeddings=8,
    num_conv_pos_embedding_groups=2,
)
ENCODER_DECODER = ("encoder", "decoder", "cross")


def _text(tier: int = 1, **configs: Mapping[str, Any]) -> list[Animal]:
    return [Animal(kind.replace("__", "-"), config, tier=tier) for kind, config in configs.items()]


def _pair(spread: float = SPREAD, **configs: Mapping[str, Any]) -> list[Animal]:
    return [Animal(kind, config, "pair", ENCODER_DECODER, spread=spread) for kind, config in configs.items()]


def _sections(*sections: int) -> dict[str, Any]:
    """Return the numbers of rotary dimensions for time, height and width."""
    rope = {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": list(sections)}
    return {"rope_scaling" if OLD_VERSION else "rope_parameters": rope}


def _with_image(kind: str, config: Mapping[str, Any], placeholders: int, **extra: Tensor) -> Animal:
    maps = "text", "vision"
    return Animal(kind, config, "image in text", maps, placeholders=placeholders, extra=extra)


ENCODERS = _text(
    bert=TINY,
    roberta=dict(TINY, pad_token_id=1, max_position_embeddings=66),
    xlm__roberta=dict(TINY, pad_token_id=1, max_position_embeddings=66),
    distilbert=dict(
        SPECIAL, vocab_size=VOCABULARY, dim=32, hidden_dim=48, n_layers=3, n_heads=4, max_position_embeddings=64
    ),
    albert=dict(TINY, embedding_size=16),
    electra=dict(TINY, embedding_size=16),
    esm=dict(TINY, position_embedding_type="rotary", mask_token_id=4, token_dropout=False),
    modernbert=dict(TINY, local_attention=6, global_attn_every_n_layers=2),
)
DECODERS = _text(
    gpt2=OLD,
    gpt_neox=TINY,
    opt=dict(TINY, ffn_dim=48, word_embed_proj_dim=32),
    phi=TINY,
    phi3=GROUPED,
    llama=GROUPED,
    mistral=dict(GROUPED, sliding_window=5),
    qwen2=dict(GROUPED, use_sliding_window=True, sliding_window=4, max_window_layers=1),
    qwen3=GROUPED,
    qwen3_moe=dict(MIXTURE, num_experts=4),
    mixtral=dict(GROUPED, num_local_experts=4, num_experts_per_tok=1),
    gemma2=dict(GROUPED, sliding_window=5, attn_logit_softcapping=2.0, query_pre_attn_scalar=8),
    gemma3_text=dict(
        GROUPED,
        sliding_window=5,
        query_pre_attn_scalar=8,
        layer_types=["sliding_attention", "full_attention", "sliding_attention"],
    ),
    cohere=GROUPED,
    cohere2=dict(GROUPED, sliding_window=5, layer_types=["sliding_attention", "full_attention", "sliding_attention"]),
    smollm3=dict(GROUPED, no_rope_layers=[1, 0, 1]),
    granite=dict(GROUPED, attention_multiplier=0.4),
    stablelm=GROUPED,
    olmo2=GROUPED,
    llama4_text=dict(
        GROUPED,
        attention_chunk_size=4,
        num_local_experts=2,
        num_experts_per_tok=1,
        intermediate_size_mlp=48,
        interleave_moe_layer_step=2,
        no_rope_layers=[1, 0, 1],
    ),
    gpt_oss=dict(GROUPED, sliding_window=6, num_local_experts=2, num_experts_per_tok=1),
    deepseek_v3=LATENT,
    deepseek_v32=LATENT_SPARSE,
    glm_moe_dsa=LATENT_SPARSE,
    gemma4_text=dict(
        GROUPED,
        sliding_window=5,
        global_head_dim=16,
        vocab_size_per_layer_input=VOCABULARY,
        hidden_size_per_layer_input=8,
        num_kv_shared_layers=1,
        layer_types=["sliding_attention", "full_attention", "full_attention"],
    ),
    jamba=dict(
        GROUPED,
        attn_layer_period=2,
        attn_layer_offset=1,
        num_experts=2,
        mamba_d_state=4,
        mamba_dt_rank=4,
        use_mamba_kernels=False,
        num_hidden_layers=4,
    ),
    qwen3_next=dict(
        MIXTURE,
        num_experts=4,
        shared_expert_intermediate_size=16,
        linear_num_key_heads=2,
        linear_num_value_heads=4,
        linear_key_head_dim=8,
        linear_value_head_dim=8,
        num_hidden_layers=4,
        layer_types=["linear_attention", "full_attention"] * 2,
    ),
)
PAIRS = [
    *_pair(
        spread=0.1, t5=T5, mt5=T5
    ),  # these do not scale their scores; a larger spread would drown them in rounding errors
    *_pair(bart=BART, marian=dict(BART, decoder_vocab_size=VOCABULARY), pegasus=BART, m2m_100=BART),
]
WHISPER = Animal(
    "whisper", dict(BART, num_mel_bins=8, max_source_positions=20, max_target_positions=20), "mel", ENCODER_DECODER
)
IMAGES = [
    Animal("vit", VISION, "pixels"),
    Animal("deit", VISION, "pixels"),
    Animal("dinov2", VISION, "pixels"),
    Animal("beit", dict(VISION, use_relative_position_bias=True), "pixels"),
    Animal("swin", SWIN, "pixels", ("self", "self 2")),
]
TOWERS = [
    Animal("clip", dict(text_config=TINY, vision_config=VISION), "text and pixels", ("text", "vision")),
    Animal("siglip", dict(text_config=TINY, vision_config=VISION), "text and pixels", ("text", "vision"), missing=1),
    Animal(
        "llava",
        dict(
            text_config=dict(GROUPED, model_type="llama"),
            vision_config=dict(VISION, model_type="clip_vision_model"),
            image_token_index=98,
            vision_feature_layer=-1,
        ),
        "image in text",
        ("text", "vision"),
    ),
    Animal(
        "qwen2_vl",
        dict(
            text_config=dict(GROUPED, **_sections(1, 1, 2)),
            vision_config=dict(depth=2, embed_dim=32, hidden_size=32, num_heads=4, mlp_ratio=2, patch_size=4),
            image_token_id=98,
            video_token_id=97,
            vision_start_token_id=96,
            vision_end_token_id=95,
        ),
        "patches in text",
        ("text", "vision"),
        placeholders=4,
    ),
    _with_image(
        "gemma3",
        dict(
            text_config=dict(
                GROUPED,
                sliding_window=5,
                query_pre_attn_scalar=8,
                layer_types=["sliding_attention", "full_attention", "sliding_attention"],
            ),
            vision_config=dict(VISION, vision_use_head=False),
            mm_tokens_per_image=4,
            boi_token_index=97,
            eoi_token_index=96,
            image_token_index=98,
        ),
        4,
    ),
    _with_image(
        "llama4",
        dict(
            text_config=dict(
                GROUPED,
                attention_chunk_size=4,
                num_local_experts=2,
                num_experts_per_tok=1,
                intermediate_size_mlp=48,
                interleave_moe_layer_step=2,
                no_rope_layers=[1, 0, 1],
            ),
            vision_config=dict(
                VISION,
                intermediate_size=128,
                pixel_shuffle_ratio=0.5,
                vision_output_dim=32,
                projector_input_dim=32,
                projector_output_dim=32,
            ),
            boi_token_index=97,
            eoi_token_index=96,
            image_token_index=98,
        ),
        4,
    ),
    _with_image(
        "idefics3",
        dict(text_config=dict(GROUPED, model_type="llama"), vision_config=VISION, scale_factor=2, image_token_id=98),
        4,
    ),
    _with_image(
        "internvl",
        dict(
            text_config=dict(GROUPED, model_type="qwen2"),
            vision_config=dict(VISION, image_size=[16, 16], patch_size=[4, 4]),
            downsample_ratio=0.5,
            image_token_id=98,
        ),
        4,
    ),
    _with_image(
        "mistral3",
        dict(
            text_config=dict(GROUPED, model_type="mistral"),
            vision_config=dict(VISION, model_type="pixtral", head_dim=8),
            spatial_merge_size=2,
            vision_feature_layer=-1,
            image_token_index=98,
        ),
        4,
        image_sizes=torch.tensor([16, 16]),
    ),
    Animal(
        "qwen2_5_vl",
        dict(
            text_config=dict(GROUPED, **_sections(1, 1, 2)),
            vision_config=dict(
                depth=3,
                hidden_size=32,
                intermediate_size=48,
                out_hidden_size=32,
                num_heads=4,
                patch_size=4,
                window_size=16,
                fullatt_block_indexes=[1],
            ),
            image_token_id=98,
            video_token_id=97,
            vision_start_token_id=96,
            vision_end_token_id=95,
        ),
        "patches in text",
        ("text", "vision"),
        placeholders=6,
    ),
    Animal(
        "detr",
        dict(
            use_timm_backbone=False,
            use_pretrained_backbone=False,
            backbone=None,
            backbone_config=dict(
                model_type="resnet",
                num_channels=3,
                embedding_size=8,
                hidden_sizes=[8, 16],
                depths=[1, 1],
                out_features=["stage2"],
            ),
            d_model=32,
            encoder_layers=2,
            decoder_layers=3,
            encoder_attention_heads=4,
            decoder_attention_heads=4,
            encoder_ffn_dim=48,
            decoder_ffn_dim=48,
            num_queries=5,
        ),
        "large pixels",
        ENCODER_DECODER,
    ),
]
SPEECH = [Animal("wav2vec2", WAV, "sound")]
INTERCEPTED = _text(
    2,
    falcon=dict(TINY, multi_query=True, alibi=False, new_decoder_architecture=False),
)
EAGER = [
    *_text(
        3,
        gptj=dict(OLD, rotary_dim=4),
        gpt_neo=dict(
            SPECIAL,
            vocab_size=VOCABULARY,
            hidden_size=32,
            num_layers=2,
            num_heads=4,
            attention_types=[[["global", "local"], 1]],
            window_size=4,
            max_position_embeddings=64,
        ),
        bloom=dict(SPECIAL, vocab_size=VOCABULARY, hidden_size=32, n_layer=3, n_head=4),
        mpt=dict(SPECIAL, vocab_size=VOCABULARY, d_model=32, n_layers=3, n_heads=4, expansion_ratio=2, max_seq_len=64),
        mpnet=TINY,
        deberta=dict(TINY, relative_attention=True, pos_att_type=["c2p", "p2c"]),
        deberta__v2=dict(TINY, relative_attention=True, pos_att_type=["c2p", "p2c"]),
        convbert=dict(TINY, embedding_size=16, conv_kernel_size=3, head_ratio=2),
        xlnet=dict(SPECIAL, vocab_size=VOCABULARY, d_model=32, n_layer=3, n_head=4, d_inner=48),
    ),
    Animal("swinv2", SWIN, "pixels", ("self", "self 2"), tier=3),
]

EVERY = (*ENCODERS, *DECODERS, *PAIRS, WHISPER, *IMAGES, *TOWERS, *SPEECH, *INTERCEPTED, *EAGER)

ZOO: tuple[Animal, ...] = tuple(animal for animal in EVERY if not OLD_VERSION or animal.kind in CONFIG_MAPPING)


def build(animal: Animal, dtype: torch.dtype = torch.float32) -> Any:
    """Return a random model in evaluation mode whose attention is sharp."""
    torch.manual_seed(0)
    config = transformers.AutoConfig.for_model(animal.kind, **animal.config)
    model = getattr(transformers, animal.auto).from_config(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                spread = parameter.float().std().nan_to_num(0)
                if spread > 0:
                    parameter.mul_(animal.spread / spread)
                else:
                    parameter.normal_(0, animal.spread)
    return model._apply(
        lambda tensor: tensor.to(dtype) if tensor.is_floating_point() else tensor
    )  # but not complex ones


def random_ids(*shape: int) -> Tensor:
    """Return random ids of ordinary tokens."""
    return torch.randint(3, 90, shape, generator=torch.Generator().manual_seed(1))


def _noise(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(2))


def inputs_of(animal: Animal, batch: int = 1, length: int = 14) -> dict[str, Tensor]:
    """Return the inputs of a model: `batch` texts, images or sounds."""
    reads, size = animal.reads, animal.config.get("image_size", 16)
    ids = {"input_ids": random_ids(batch, length)}
    if reads == "pair":
        return ids | {"decoder_input_ids": random_ids(batch, 6).flip(1)}
    if reads == "mel":
        return {"input_features": _noise(batch, 8, 40), "decoder_input_ids": random_ids(batch, 6)}
    if reads == "sound":
        return {"input_values": _noise(batch, 200)}
    if reads == "pixels":
        return {"pixel_values": _noise(batch, 3, size, size)}
    if reads == "large pixels":
        return {"pixel_values": _noise(batch, 3, 64, 48)}
    if reads == "text and pixels":
        return ids | {"pixel_values": _noise(batch, 3, 16, 16)}
    if reads in ("image in text", "patches in text"):
        return _with_placeholders(animal, ids["input_ids"])
    return ids


def _with_placeholders(animal: Animal, words: Tensor) -> dict[str, Tensor]:
    batch, picture = len(words), torch.tensor([96] + [98] * animal.placeholders + [95])
    ids = torch.cat([words, picture.expand(batch, -1)], dim=1).roll(-4, 1)
    types = (ids == 98).long()
    if animal.reads == "patches in text":
        height, width = 4, animal.placeholders
        return {
            "input_ids": ids,
            "mm_token_type_ids": types,
            "pixel_values": _noise(batch * height * width, 3 * 2 * 4 * 4),
            "image_grid_thw": torch.tensor([[1, height, width]]).expand(batch, -1).contiguous(),
        }
    pixels = _noise(batch, 3, 16, 16)
    extra = {name: value.expand(batch, *value.shape) for name, value in animal.extra.items()}
    own = {"idefics3": {"pixel_values": pixels[:, None]}, "gemma3": {"token_type_ids": types}}
    return {"input_ids": ids, "pixel_values": pixels} | extra | own.get(animal.kind, {})
