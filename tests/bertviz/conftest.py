"""Small checkpoints under the names that BertViz's notebooks load, so that their cells run as they were written."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
import sentencepiece
import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import ByteLevel, Whitespace
from tokenizers.processors import TemplateProcessing
from transformers import AutoConfig, AutoModel, PreTrainedTokenizerFast

from headscope.bertviz import html_action

SIZE = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 3, "num_attention_heads": 4}
SEQ2SEQ = {
    "d_model": 32,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "encoder_ffn_dim": 48,
    "decoder_ffn_dim": 48,
    "max_position_embeddings": 64,
}
WORDS = [
    "the",
    "cat",
    "sat",
    "on",
    "mat",
    "lay",
    "rug",
    "rabbit",
    "quick",
    "##ly",
    "hopped",
    "turtle",
    "slow",
    "crawled",
]
SENTENCES = ["She sees the small elephant.", "Sie sieht den kleinen Elefanten."]


@pytest.fixture
def displayed(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The views that are displayed, in order."""
    shown: list[Any] = []
    monkeypatch.setattr(html_action, "display", shown.append)
    return shown


@pytest.fixture(scope="session")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a random model and a tokenizer of the right type under each name."""
    top = tmp_path_factory.mktemp("checkpoints")
    for name, kind in (("bert-base-uncased", "bert"), ("distilbert-base-uncased", "distilbert")):
        size = SIZE if kind == "bert" else {"dim": 32, "hidden_dim": 48, "n_layers": 3, "n_heads": 4}
        _save(top / name, kind, word_pieces(top / name), **size)
    for name, kind in (("gpt2", "gpt2"), ("roberta-base", "roberta"), ("facebook/bart-large-cnn", "bart")):
        size = {"gpt2": {"n_embd": 32, "n_layer": 3, "n_head": 4, "n_positions": 64}, "bart": SEQ2SEQ, "roberta": SIZE}[
            kind
        ]
        special = {"bart": {"decoder_start_token_id": 2}, "roberta": {"max_position_embeddings": 66}}.get(kind, {})
        _save(top / name, kind, byte_pairs(top / name, kind), **size, **special)
    name = "Helsinki-NLP/opus-mt-en-de"
    _save(
        top / name,
        "marian",
        sentence_pieces(top / name),
        **SEQ2SEQ,
        sharpness=40,
        decoder_start_token_id=0,
        pad_token_id=0,
    )
    return top


def _save(folder: Path, kind: str, vocabulary: int, sharpness: float = 12, **config: Any) -> None:
    """Save a random model with sharp attention, in today's format and in the one that BertViz's own classes read."""
    torch.manual_seed(0)
    model = AutoModel.from_config(AutoConfig.for_model(kind, vocab_size=vocabulary, **config))  # type: ignore[no-untyped-call]
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.mul_(sharpness)
    model.save_pretrained(folder)
    torch.save(model.state_dict(), folder / "pytorch_model.bin")


def word_pieces(folder: Path) -> int:
    """Write a vocabulary of WordPiece; return its size."""
    folder.mkdir(parents=True)
    letters = "abcdefghijklmnopqrstuvwxyz"
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS, *letters, *(f"##{letter}" for letter in letters)]
    (folder / "vocab.txt").write_text("\n".join(tokens) + "\n")
    (folder / "tokenizer_config.json").write_text(json.dumps({"do_lower_case": True}))
    return len(tokens)


def byte_pairs(folder: Path, kind: str) -> int:
    """Write a vocabulary and merges of byte-level BPE; return the size of the vocabulary."""
    folder.mkdir(parents=True)
    merges = [("a", "t"), ("Ġ", "c"), ("Ġc", "at"), ("t", "h"), ("th", "e"), ("Ġ", "the"), ("o", "n"), ("Ġ", "on")]
    special = ["<|endoftext|>"] if kind == "gpt2" else ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    tokens = [*special, *sorted(ByteLevel.alphabet()), *("".join(pair) for pair in merges)]
    (folder / "vocab.json").write_text(json.dumps({token: id_ for id_, token in enumerate(tokens)}))
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *(" ".join(pair) for pair in merges)]) + "\n")
    return len(tokens)


def sentence_pieces(folder: Path) -> int:
    """Write Marian's two SentencePiece models and their common vocabulary; return its size."""
    folder.mkdir(parents=True)
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(SENTENCES * 20), model_writer=model, vocab_size=60, minloglevel=2, hard_vocab_limit=False
    )
    pieces = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    tokens = ["<pad>", "</s>", "<unk>"]
    tokens += [
        piece for id_ in range(len(pieces)) if (piece := pieces.id_to_piece(id_)) not in ("<unk>", "<s>", "</s>")
    ]
    for side in ("source", "target"):
        (folder / f"{side}.spm").write_bytes(model.getvalue())
    (folder / "vocab.json").write_text(json.dumps({token: id_ for id_, token in enumerate(tokens)}))
    (folder / "tokenizer_config.json").write_text(json.dumps({"source_lang": "en", "target_lang": "de"}))
    return len(tokens)


@pytest.fixture(scope="session")
def xlnet() -> tuple[Any, Any]:
    """A small XLNet, whose attention gives weights alone, and a tokenizer of letters that ends texts as XLNet's."""
    letters = ["<unk>", "<sep>", "<cls>", *"abcdefgh"]
    backend = Tokenizer(WordLevel({token: id_ for id_, token in enumerate(letters)}, unk_token="<unk>"))
    backend.pre_tokenizer = Whitespace()
    backend.post_processor = TemplateProcessing(
        single="$A <sep> <cls>", pair="$A <sep> $B:1 <sep>:1 <cls>:2", special_tokens=[("<sep>", 1), ("<cls>", 2)]
    )
    tokenizer = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=backend, sep_token="<sep>", cls_token="<cls>", unk_token="<unk>"
    )
    torch.manual_seed(0)
    config = AutoConfig.for_model("xlnet", vocab_size=len(letters), d_model=32, n_layer=2, n_head=4, d_inner=48)
    return AutoModel.from_config(config, attn_implementation="eager").eval(), tokenizer  # type: ignore[no-untyped-call]
