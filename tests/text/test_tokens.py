"""Tokens as text: the encodings of vocabularies, and the way back to the source text."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from headscope.text.tokens import BYTES, prettify, read_tokens, special_ids, special_positions, split_characters

CHARACTERS = {byte: character for character, byte in BYTES.items()}
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def byte_level(content: bytes) -> str:
    return "".join(CHARACTERS[byte] for byte in content)


@st.composite
def cut_texts(draw) -> tuple[str, list[bytes]]:
    """Draw a text, and its bytes cut at random places."""
    text = draw(TEXTS)
    content = text.encode()
    cuts = sorted(draw(st.sets(st.integers(0, len(content)), max_size=8)) | {0, len(content)})
    return text, [content[start:stop] for start, stop in pairwise(cuts)]


@given(cut_texts())
def test_bytes_join_to_the_text(cut):
    text, pieces = cut
    parts = split_characters(pieces)
    assert "".join(part.character for piece in parts for part in piece if part.number == 1) == text
    for piece, content in zip(parts, pieces, strict=True):
        assert not content or piece, "a token with bytes shows something"
        whole = "".join(part.character for part in piece if part.tokens == 1)
        assert whole.encode() in content


@given(st.binary(max_size=12))
def test_any_bytes_can_be_shown(content):
    parts = split_characters([content[:5], content[5:]])
    texts = ["".join(map(str, piece)) for piece in parts]
    assert all(text.encode() for text in texts if text)
    assert "�" not in "".join(texts) or "�".encode() in content


@given(TEXTS)
def test_byte_level_round_trip(text):
    tokens = [byte_level(character.encode()) for character in "Ġ x" + text]
    assert "".join(prettify(tokens)) == "Ġ x" + text


def test_the_alphabet_is_gpt2s():
    assert len(BYTES) == len(CHARACTERS) == 256
    assert [CHARACTERS[byte] for byte in b" \n\t\r"] == ["Ġ", "Ċ", "ĉ", "č"]


@pytest.mark.parametrize(
    ("tokens", "texts"),
    [
        (["Hello", "Ġworld", "Ċ"], ["Hello", " world", "\n"]),
        (["<s>", "▁Hello", "▁wor", "ld", "</s>"], ["<s>", " Hello", " wor", "ld", "</s>"]),
        (["hello</w>", "wor", "ld</w>"], ["hello", "wor", "ld"]),
        (["[CLS]", "play", "##ing", "[SEP]"], ["[CLS]", "play", "ing", "[SEP]"]),
        (["na", "Ã¯", "ve"], ["na", "ï", "ve"]),
        (["Ġ", "ðŁĻ", "Ĥ", "!"], [" ", "🙂₁", "🙂₂", "!"]),
        (["ĠðŁĻ", "Ĥ!"], [" 🙂₁", "🙂₂!"]),
        (["▁", "<0xF0>", "<0x9F>", "<0x99>", "<0x82>"], [" ", "🙂₁", "🙂₂", "🙂₃", "🙂₄"]),
        (["▁", "<0xF0>", "▁x"], [" ", "<0xF0>", " x"]),
        (["æĹ¥", "æľ¬", "èªŀ"], ["日", "本", "語"]),
        (["ðŁĻ", "<|endoftext|>", "Ĥ"], ["<0xF0><0x9F><0x99>", "<|endoftext|>", "<0x82>"]),
        (["café", "naïve", "日本語", "שלום", "🙂"], ["café", "naïve", "日本語", "שלום", "🙂"]),
        (["#", "##", "###", "##ed"], ["#", "##", "###", "ed"]),
        (["</script>", '"', "'", "<b>", "\n"], ["</script>", '"', "'", "<b>", "\n"]),
        (["", "a"], ["", "a"]),
        ([], []),
    ],
)
def test_prettify(tokens, texts):
    assert prettify(tokens) == texts


def test_prettify_cut_inside_a_character():
    assert prettify(["ĻĤ", "Ġcat", "ĠðŁ"]) == ["<0x99><0x82>", " cat", " <0xF0><0x9F>"]


def test_special_positions_by_form():
    tokens = ["<s>", "[CLS]", "cls", "<|im_end|>", "[UNK]", "<pad>", "<b>", "</s>", "<start_of_turn>", "[1]"]
    assert special_positions(tokens) == (0, 1, 3, 5, 7, 8)


def test_byte_level_tokenizer(smollm2_tokenizer):
    ids = smollm2_tokenizer("Hello wörld 🙂!\n  The naïve 字符 龘\t</script>")["input_ids"]
    tokens, special = read_tokens(smollm2_tokenizer, ids)
    start = ["Hello", " w", "ör", "ld", " 🙂", "!", "\n ", " The", " na", "ïve"]
    assert tokens[: len(start)] == start
    assert tokens[len(start) :] == [" 字₁", "字₂", "字₃", "符₁", "符₂", " 龘₁", "龘₂", "龘₃", "\t", "</", "script", ">"]
    assert special == ()


def test_wordpiece_tokenizer(minilm):
    ids = minilm.tokenizer("Unbelievably tokenized 中")["input_ids"]
    tokens, special = read_tokens(minilm.tokenizer, ids)
    assert "".join(tokens[1:-1]) == "unbelievablytokenized中"
    assert special == (0, len(ids) - 1)
    assert (tokens[0], tokens[-1]) == ("[CLS]", "[SEP]")


def test_unknown_words_are_not_special(minilm):
    ids = minilm.tokenizer("a 𓀀 b")["input_ids"]
    tokens, special = read_tokens(minilm.tokenizer, ids)
    assert tokens == ["[CLS]", "a", "[UNK]", "b", "[SEP]"]
    assert special == (0, 4)


def test_a_special_token_that_is_also_the_unknown_token(smollm2_tokenizer):
    assert smollm2_tokenizer.unk_token == "<|endoftext|>"
    assert smollm2_tokenizer.unk_token_id in special_ids(smollm2_tokenizer)


def test_sentencepiece_with_byte_fallback():
    pieces = ["<unk>", "<s>", "▁", "▁cat", *(f"<0x{byte:02X}>" for byte in range(256))]
    backend = Tokenizer(models.Unigram([(piece, -1.0) for piece in pieces], unk_id=0, byte_fallback=True))
    backend.pre_tokenizer = pre_tokenizers.Metaspace()
    backend.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, bos_token="<s>", unk_token="<unk>")
    tokens, _ = read_tokens(tokenizer, tokenizer("cat é")["input_ids"])
    assert tokens == [" cat", " ", "é₁", "é₂"]


def test_unknown_ids(minilm):
    tokens, special = read_tokens(minilm.tokenizer, [101, 10**6, 2000])
    assert tokens[1:] == ["1000000", "to"]
    assert special == (0,)
