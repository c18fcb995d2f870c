"""Tiny configs of any model type: every size that a config names is made small, in sub-configs too."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

from transformers import CONFIG_MAPPING, PretrainedConfig

from zoo.every.quirks import BACKBONES, SECTIONED, SMALL

HEADS, KV_HEADS, HIDDEN, INNER, LAYERS, VOCABULARY, POSITIONS = 4, 2, 32, 48, 2, 100, 64
FIRST_SPECIAL = 50
"""Ordinary words have the ids from 3 up to this one; special tokens those from here on."""

RULES: tuple[tuple[str, int], ...] = (
    (r"type_vocab_size|type_sequence_label_size", 2),
    (r"(.*_)?codebook_size", 64),
    (r"(.*_)?vocab(ulary)?_size(_.*)?|num_embeddings|num_codevectors_per_group", VOCABULARY),
    (
        r"(.*_)?(max_)?(2d_)?position_embeddings|n_positions|n_ctx|max_seq_len|max_(source|target|text|speech)_(positions|len)"
        r"|context_length|max_sequence_length",
        POSITIONS,
    ),
    (
        r"(.*_)?num_key_value_heads|num_kv_heads|(.*_)?num_(global_)?key_value_heads|n_kv_heads|num_key_value_heads(_.*)?",
        KV_HEADS,
    ),
    (r"linear_num_key_heads", 2),
    (r"index_n_heads", 2),
    (r"(.*_)?(num_)?(attention_)?heads|n_head|num_heads_(.*)", HEADS),
    (
        r"(num_)?(.*_)?(hidden_|encoder_|decoder_|transformer_)?layers|n_layers?|depth|num_blocks|(.*_)?num_(hidden_)?layers|(.*_)?depth",
        LAYERS,
    ),
    (
        r"qk_rope_head_dim|qk_nope_head_dim|index_head_dim|v_head_dim|(.*_)?head_dim|d_kv|d_head|dim_head|rotary_dim|swa_head_dim",
        8,
    ),
    (r"(q|kv|o)_lora_rank|.*_lora_rank|lora_rank", 16),
    (r"index_topk|.*block_size|conv_chunk_size", 4),
    (r"(.*_)?(sliding_)?window(_size)?|attention_chunk_size|local_attention|sliding_window_size", 6),
    (r"num_experts_per_tok|moe_topk|top_k_experts|moe_k|num_experts_per_token|experts_per_token|top_k", 2),
    (r"num_shared_experts|n_shared_experts|moe_num_shared_experts|n_group|topk_group|num_expert_groups?", 1),
    (r"(.*_)?num_(local_|routed_)?experts|n_routed_experts|moe_num_experts|num_moe_experts", 4),
    (r"first_k_dense_replace", 1),
    (r"moe_intermediate_size|(.*_)?expert_intermediate_size|expert_dim|.*expert.*(dim|size)", 16),
    (
        r"(.*_)?(intermediate_(size|dim)(_.*)?|ffn_(hidden_)?(dim|size)|d_ff|d_inner|mlp_dim|n_inner|inner_dim|feedforward_dim|(dim_)?feed_?forward(_dim)?)",
        INNER,
    ),
    (r"mamba_d_state|state_size|mamba_d_ssm|ssm_state_size", 8),
    (r"mamba_(n|num)_heads", 4),
    (r"mamba_(d_)?head(_dim)?|mamba_head_dim", 16),
    (r"time_step_rank|mamba_dt_rank", 4),
    (r"(.*_)?chunk_size", 8),
    (r"(.*_)?image_size|img_size|pretrain_image_size|eval_size|crop_size", 32),
    (r"(.*_)?patch_size", 8),
    (
        r"num_queries|num_query_tokens|.*num_latents|num_object_queries|query_token_length|(.*_)?latent_query_num|num_denoising",
        6,
    ),
    (r"num_mel_bins|feature_size|n_mels|mel_bins|num_mel_bands", 16),
    (r"num_conv_pos_embeddings", 8),
    (r"num_conv_pos_embedding_groups|upsample_groups", 2),
    (
        r"embedding_size|(.*_)?(hidden_size|hidden_dim|d_model|embed_dim|n_embd|emb_dim|embedding_dim|projection_dim|proj_dim|hidden_channels"
        r"|word_embed_proj_dim|latent_dim|model_dim|output_dim|projection_size|output_size)(_.*)?|dim|width|d_latents|(.*_)?hidden|hidden_units",
        HIDDEN,
    ),
    (r"(.*_)?channels|num_filters|(.*_)?hidden_channels", 16),
    (r"upsample_initial_channel", 16),
)
"""The small value of a whole number in a config, by the pattern of its name; the first that fits counts."""

KEPT = re.compile(
    r"num_channels|in_channels|(.*_)?in_chans|(.*_)?input_channels|audio_channels|num_labels|mlp_ratio.*|out_channels|image_channels"
    r"|.*_multiplier|.*frequency|.*interval|pretraining_tp|.*_rate|channels"
)
"""Whole numbers that are left as they are."""

WHERE_NONE = (
    "vocab_size",
    "head_dim",
    "num_key_value_heads",
    "num_experts_per_tok",
    "num_experts",
    "n_routed_experts",
    "top_k_experts",
    "sliding_window",
)
"""Sizes that some configs leave open, though their models need them."""

COUNTS = re.compile(
    r"(.*_)?(hidden_|encoder_|decoder_|transformer_)?layers|n_layers?|depth|(.*_)?depth|vocab_size|.*token_id|.*token_index|.*_id"
    r"|(.*_)?num_(local_|routed_)?experts|n_routed_experts|max_position_embeddings|num_queries|layer_types"
)

SPECIAL = {"pad": 0, "bos": 1, "eos": 2, "decoder_start": 1, "unk": 3, "forced_bos": 1, "forced_eos": 2}
TOKEN = re.compile(r"(.*?)_?(token_id|token_index|_id|token)")
PER_LAYER = ("num_hidden_layers", "n_layer", "num_layers", "depth", "n_layers", "decoder_layers", "encoder_layers")
COUNTED = re.compile(r"depths|(.*_)?num_blocks|block_repeats|num_block_repeats|layers|stage_.*blocks|.*_depths?")


class Tokens:
    """Ids of special tokens: the same name has the same id in every part of a config."""

    def __init__(self) -> None:
        self.known: dict[str, int] = {}

    def of(self, name: str) -> int:
        """Return the id of a name."""
        return SPECIAL[name] if name in SPECIAL else self.known.setdefault(name, FIRST_SPECIAL + len(self.known))


def tiny(kind: str, only_counts: bool = False) -> PretrainedConfig:
    """Return a tiny config of a model type.

    Parameters
    ----------
    kind
        The model type.
    only_counts
        Whether widths stay as they are, and only layers, ids and experts become few: for models whose parts must agree
        in ways that the rules don't know.
    """
    return CONFIG_MAPPING[kind](**settings(CONFIG_MAPPING[kind], Tokens(), only_counts))


def settings(kind: type[PretrainedConfig], tokens: Tokens, only_counts: bool = False) -> dict[str, Any]:
    """Return the settings that make a config of this class tiny."""
    own = dict(SMALL.get(kind.model_type, {}))
    if only_counts:
        own = {name: value for name, value in own.items() if isinstance(value, dict) or COUNTS.fullmatch(name)}
    default = _default(kind)
    found: dict[str, Any] = {}
    for field in dataclasses.fields(kind):
        if field.name in own or field.name.startswith("_"):
            continue
        small = _small(field.name, _default_of(field), tokens)
        if only_counts and small is not None and not COUNTS.fullmatch(field.name):
            continue
        if small is not None:
            found[field.name] = small
    if "kv_lora_rank" in found and "num_key_value_heads" in found:
        found["num_key_value_heads"] = HEADS  # latent attention has no grouped keys
    if default is not None:
        if not only_counts:
            found |= _stages(default, found)
            found |= _rope(default, found, own)
        found |= _per_layer(default, found, own)
        found |= _sub_configs(kind, default, tokens, own, only_counts)
    nested = {
        name: value
        for name, value in own.items()
        if isinstance(value, dict) and isinstance(found.get(name), PretrainedConfig)
    }
    for name, value in nested.items():
        own[name] = _changed(found[name], value)
    own = {name: value() if callable(value) else value for name, value in own.items()}
    return found | own


def _changed(config: PretrainedConfig, changes: dict[str, Any]) -> PretrainedConfig:
    for name, value in changes.items():
        inner = getattr(config, name, None)
        setattr(
            config,
            name,
            _changed(inner, value) if isinstance(inner, PretrainedConfig) and isinstance(value, dict) else value,
        )
    return config


def _default(kind: type[PretrainedConfig]) -> PretrainedConfig | None:
    try:
        return kind()
    except Exception:
        return None


def _default_of(field: Any) -> Any:
    if field.default is not dataclasses.MISSING:
        return field.default
    return None if field.default_factory is dataclasses.MISSING else field.default_factory()


def _small(name: str, default: Any, tokens: Tokens) -> Any:
    if isinstance(default, bool) or KEPT.fullmatch(name):
        return None
    if (
        default is None
        and name.endswith(("token_id", "token_index"))
        and name.startswith(("pad", "bos", "eos", "decoder_start"))
    ):
        default = 0
    if default is None and name in WHERE_NONE:
        default = 1
    if isinstance(default, int):
        if (token := TOKEN.fullmatch(name)) and (
            token[2] in ("token_id", "token_index") or default >= FIRST_SPECIAL or token[1] in SPECIAL
        ):
            return tokens.of(token[1])
        for pattern, value in RULES:
            if re.fullmatch(pattern, name):
                return value if default > 0 else None
    return None


def _stages(default: PretrainedConfig, found: dict[str, Any]) -> dict[str, Any]:
    """Return small values of sizes that a config names for each stage."""
    stages = {}
    for name, value in vars(default).items():
        if not isinstance(value, (list, tuple)) or len(value) < 2 or not all(type(one) is int for one in value):
            continue
        if COUNTED.fullmatch(name):
            stages[name] = [min(one, 2) for one in value]
        elif re.fullmatch(
            r"(.*_)?(hidden_sizes|embed_dims?|dims|widths|channels_list|conv_dim|hidden_dims|tdnn_dim|(?!in_|out_|num_).*channels)",
            name,
        ):
            heads = next(
                (
                    h
                    for h in (getattr(default, n, None) for n in ("num_attention_heads", "num_heads"))
                    if isinstance(h, (list, tuple)) and len(h) == len(value)
                ),
                None,
            )
            first = next(one for one in value if one > 4)
            stages[name] = (
                [8 * head for head in heads]
                if heads
                else [one if one <= 4 else max(16, one * 16 // first // 8 * 8) for one in value]
            )
        elif name == "num_heads" and isinstance(getattr(default, "embed_dim", None), int):
            stages[name] = [2 ** (place + 1) for place in range(len(value))]
            found["embed_dim"] = 16
    if "depths" in stages:  # each stage halves the image
        for name, value in (("image_size", 64), ("patch_size", getattr(default, "patch_size", 0)), ("window_size", 4)):
            if name in found and value:
                found[name] = value
    return {name: type(getattr(default, name))(value) for name, value in stages.items()}


def _per_layer(default: PretrainedConfig, found: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """Return as many layers as there are kinds of layers (two to four), and the lists that give each layer's kind."""
    for count in PER_LAYER:
        layers = getattr(default, count, None)
        if not isinstance(layers, int) or count not in found or count in own:
            continue
        fields = {field.name for field in dataclasses.fields(default)}
        lists = {
            name: value
            for name, value in vars(default).items()
            if isinstance(value, (list, tuple))
            and len(value) == layers
            and layers > 4
            and name in fields
            and name not in own
        }
        if not lists:
            continue
        rows = list(zip(*lists.values(), strict=True))
        chosen: list[int] = []
        for place, row in enumerate(rows):
            if row not in [rows[one] for one in chosen] and len(chosen) < 4:
                chosen.append(place)
        if len(chosen) < LAYERS:
            chosen = [*chosen, *(place for place in range(layers) if place not in chosen)][:LAYERS]
        chosen.sort()
        return {name: type(value)(value[place] for place in chosen) for name, value in lists.items()} | {
            count: len(chosen)
        }
    return {}


def _rope(default: PretrainedConfig, found: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """Return rotary sections for time, height and width that fit into the small heads."""
    rope = getattr(default, "rope_parameters", None)
    if not isinstance(rope, dict) or "rope_parameters" in own:
        return {}
    if "mrope_section" not in rope:
        if default.model_type not in SECTIONED:
            return {}
        rope = rope | {"mrope_section": [1, 1, 2]}
    width = own.get("head_dim", found.get("head_dim", HIDDEN // HEADS))
    pairs = (
        int(width * (rope.get("partial_rotary_factor") or getattr(default, "partial_rotary_factor", None) or 1)) // 2
    )
    count = len(rope["mrope_section"])
    sections = [pairs // count] * count
    sections[-1] += pairs - sum(sections)
    return {"rope_parameters": rope | {"mrope_section": sections}}


def _sub_configs(
    kind: type[PretrainedConfig], default: PretrainedConfig, tokens: Tokens, own: dict[str, Any], only_counts: bool
) -> dict[str, Any]:
    parts = {}
    names = {field.name for field in dataclasses.fields(kind)} if dataclasses.is_dataclass(kind) else set()
    for name, part in vars(default).items():
        if isinstance(part, PretrainedConfig) and name in names:
            changes: dict[str, Any] = own[name] if isinstance(own.get(name), dict) else {}
            inner = CONFIG_MAPPING[changes["model_type"]] if "model_type" in changes else type(part)
            if inner is kind:
                continue
            small = settings(inner, tokens, only_counts)
            if inner is type(part):
                chosen = _chosen(part, small)
                small = chosen | small
                if "out_features" in chosen:
                    small |= BACKBONES.get(inner.model_type, {})
            parts[name] = inner(
                **(small | {n: v for n, v in changes.items() if n != "model_type" and not isinstance(v, dict)})
            )
    return parts


def _chosen(part: PretrainedConfig, small: dict[str, Any]) -> dict[str, Any]:
    """Return what the outer config chooses for its part and what is no size: flags, names, and the stages to return."""
    usual = _default(type(part))
    fields = {field.name for field in dataclasses.fields(part)} if dataclasses.is_dataclass(part) else set()
    chosen: dict[str, Any] = {
        name: value
        for name, value in vars(part).items()
        if name in fields
        and isinstance(value, (bool, str))
        and usual is not None
        and value != getattr(usual, name, value)
    }
    stages = getattr(part, "out_features", None)
    if stages and getattr(part, "depths", None):
        chosen["out_features"] = list(stages)
    elif stages and len(stages) > 1 and (count := next((name for name in PER_LAYER if name in small), None)):
        small[count] = len(stages)
        chosen["out_features"] = [f"stage{place + 1}" for place in range(len(stages))]
    return chosen
