"""Words of tokens: by marks, by the text, and with real tokenizers of every kind."""

from __future__ import annotations

import json
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import pytest
import transformers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

import headscope as hs
from headscope.text.tokens import TokenRow, read_ids, read_names, split_characters
from headscope.text.words import NEWLINES, number_words, word_breaks

PROSE = [
    "The cat sat on the mat, and the dog's naïve friend didn't mind: 3.14 is well-known!",
    "Der Hund läuft über die Straße. Ça va?",
    "def add(first, second):\n    return first + second\n",
    "مرحبا بالعالم العربي",
    "北京是中国的首都。東京タワーへ行きます",
    "hello 🙂 world 👍🏽 and 🇫🇷",
]
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def cut(text: str) -> list[str]:
    breaks = sorted(word_breaks(text)) if text else [0]
    return [text[start:stop] for start, stop in pairwise([*breaks, len(text)])]


def grouped(row: TokenRow) -> list[str]:
    """Return the text of each word, its tokens joined."""
    assert row.words is not None
    pairs = zip(row.words, row.texts, strict=True)
    return ["".join(text for _, text in members) for _, members in groupby(pairs, lambda pair: pair[0])]


def fast(backend: Tokenizer, **special: Any) -> Any:
    return PreTrainedTokenizerFast(tokenizer_object=backend, **special)


def trained(model: Any, trainer: Any, pre_tokenizer: Any, decoder: Any = None) -> Any:
    """Return a tokenizer trained to a small vocabulary, so that most words have several tokens."""
    backend = Tokenizer(model)
    backend.normalizer = normalizers.NFC()
    backend.pre_tokenizer = pre_tokenizer
    if decoder is not None:
        backend.decoder = decoder
    backend.train_from_iterator(PROSE, trainer)
    return fast(backend)


SPACES = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]


def byte_level_bpe() -> Any:
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=300, initial_alphabet=alphabet, show_progress=False)
    return trained(models.BPE(), trainer, pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel())


def sentencepiece_bpe() -> Any:
    """A tokenizer like those of Llama 2 and Gemma: ▁ for spaces, and bytes for characters outside the vocabulary."""
    alphabet = [*"▁abcdefghijklmnopqrstuvwxyzTD.,:!?'-"]
    vocab = {piece: number for number, piece in enumerate(["<unk>", *BYTES, *alphabet, "▁t", "▁c", "at", "▁th"])}
    merges = [("▁", "t"), ("▁", "c"), ("a", "t"), ("▁t", "h")]
    backend = Tokenizer(models.BPE(vocab, merges, unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    backend.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    backend.decoder = SPACES
    return fast(backend, unk_token="<unk>")


def sentencepiece_unigram() -> Any:
    """A tokenizer like those of T5 and ALBERT."""
    pieces = [*"abcdefghijklmnopqrstuvwxyzTD.,:!?'-", "▁", "▁the", "▁cat", "▁d", "at", *BYTES]
    scored = [("<unk>", 0.0), *((piece, -2.0 - 3 * (piece in BYTES)) for piece in pieces)]
    backend = Tokenizer(models.Unigram(scored, unk_id=0, byte_fallback=True))
    backend.pre_tokenizer = pre_tokenizers.Metaspace()
    backend.decoder = SPACES
    return fast(backend, unk_token="<unk>")


MAKERS = {"byte-level": byte_level_bpe, "sentencepiece bpe": sentencepiece_bpe, "unigram": sentencepiece_unigram}


@pytest.fixture(scope="module", params=MAKERS)
def spaced(request: pytest.FixtureRequest) -> Any:
    """Tokenizers whose tokens mark spaces."""
    return MAKERS[request.param]()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The cat sat.", ["The", " cat", " sat", "."]),
        ("don't can\u2019t dogs'", ["don't", " can\u2019t", " dogs", "'"]),
        ("3.14 1,000 a,b a.b", ["3.14", " 1,000", " a", ",", "b", " a.b"]),
        ("well-known (yes)", ["well", "-", "known", " (", "yes", ")"]),
        ("snake_case x2", ["snake_case", " x2"]),
        ("a\n\n  b\nc", ["a", "\n", "\n", "  b", "\n", "c"]),
        ("北京 は東京タワー", ["北", "京", " は", "東", "京", "タワー"]),
        ("مرحبا بالعالم، نعم", ["مرحبا", " بالعالم", "،", " نعم"]),
        ("e\u0301te\u0301's", ["e\u0301te\u0301's"]),
        ("🙂🙂 👍🏽! 👩\u200d👧🇫🇷🇩🇪", ["🙂", "🙂", " 👍🏽", "!", " 👩\u200d👧", "🇫🇷", "🇩🇪"]),
        ("สวัสดี ครับ", ["สวัสดี", " ครับ"]),
    ],
)
def test_words_of_a_text(text: str, words: list[str]) -> None:
    assert cut(text) == words


@given(TEXTS)
def test_the_words_of_any_text_are_the_text(text: str) -> None:
    assert "".join(cut(text)) == text
    assert not text or 0 in word_breaks(text)


@st.composite
def pieces(draw: Any) -> tuple[str, Any]:
    """Draw a text, cut into tokens between any bytes; some tokens are empty."""
    text = draw(TEXTS)
    content = text.encode()
    cuts = sorted([*draw(st.lists(st.integers(0, len(content)), max_size=8)), 0, len(content)])
    return text, split_characters([content[start:stop] for start, stop in pairwise(cuts)])


@given(pieces())
def test_word_numbers_increase_by_one_and_split_no_word(cut_text: Any) -> None:
    text, parts = cut_text
    numbers = number_words(parts)
    assert len(numbers) == len(parts)
    assert numbers[0] == 0
    assert all(after - before in (0, 1) for before, after in pairwise(numbers))
    breaks, offset = word_breaks(text), 0
    for (before, after), (piece, following) in zip(pairwise(numbers), pairwise(parts), strict=True):
        offset += sum(part.number == 1 for part in piece)
        shown = "".join(part.character for part in piece if part.number == 1)
        ends = offset in breaks or shown.rstrip(" \t").endswith(tuple(NEWLINES))
        begins = bool(following) and following[0].number == 1 and ends
        assert (after > before) == begins


@given(st.lists(st.one_of(st.none(), st.sampled_from(["a", " b", "c", "\n"])), max_size=8))
def test_special_tokens_are_words_by_themselves(texts: list[str | None]) -> None:
    parts = [None if text is None else split_characters([text.encode()])[0] for text in texts]
    numbers = number_words(parts)
    for position, text in enumerate(texts):
        if text is None:
            assert numbers.count(numbers[position]) == 1


@pytest.mark.parametrize("text", PROSE)
def test_words_of_tokenizers_that_mark_spaces(spaced: Any, text: str) -> None:
    ids = spaced(text)["input_ids"]
    row = read_ids(spaced, ids)
    assert row.words is not None
    assert row.words[0] == 0
    assert all(after - before in (0, 1) for before, after in pairwise(row.words))
    of_word = {word: [id_ for id_, n in zip(ids, row.words, strict=True) if n == word] for word in row.words}
    decoded = [spaced.decode(members).strip(" ") for members in of_word.values()]
    borders = {len("".join(decoded[:count])) for count in range(len(decoded))}
    wanted = [word.strip(" ") for word in cut(text)]
    assert "".join(decoded) == "".join(wanted)
    assert borders <= {len("".join(wanted[:count])) for count in range(len(wanted))}, "no word is cut"
    assert len(of_word) < len(ids), "some words are several tokens"


def test_words_of_wordpiece(minilm: Any) -> None:
    ids = minilm.tokenizer("Unbelievably tokenized, don't 中国!", "Next")["input_ids"]
    row = read_ids(minilm.tokenizer, ids)
    words = ["[CLS]", "unbelievably", "tokenized", ",", "don", "'", "t", "中", "国", "!", "[SEP]", "next", "[SEP]"]
    assert grouped(row) == words
    assert len(row.texts) > len(words)


def test_words_of_a_real_byte_level_tokenizer(smollm2_tokenizer: Any) -> None:
    ids = smollm2_tokenizer("<|im_start|>Hello wörldly 🙂!\n  The naïveté")["input_ids"]
    row = read_ids(smollm2_tokenizer, ids)
    assert grouped(row) == ["<|im_start|>", "Hello", " wörldly", " 🙂", "!", "\n ", " The", " naïveté"]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.lists(st.one_of(st.sampled_from([*PROSE, " ", "\n", "<|im_end|>", "don't"]), TEXTS), max_size=4).map(
        "".join
    )
)
@pytest.mark.parametrize("name", ["minilm", "smollm2"])
def test_real_tokenizers_leave_no_token_without_its_word(
    minilm: Any, smollm2_tokenizer: Any, name: str, text: str
) -> None:
    tokenizer = minilm.tokenizer if name == "minilm" else smollm2_tokenizer
    ids = tokenizer(text)["input_ids"]
    row = read_ids(tokenizer, ids)
    assert row.words is not None
    assert len(row.words) == len(row.texts) == len(ids)
    assert not ids or row.words[0] == 0
    assert all(after - before in (0, 1) for before, after in pairwise(row.words))
    assert all(row.words.count(row.words[position]) == 1 for position in row.special)
    for position, token in enumerate(row.texts):
        if token.startswith(" ") and token.strip() and position and not row.texts[position - 1].isspace():
            assert row.words[position] > row.words[position - 1], "a space begins a word"


def test_an_emoji_split_over_tokens_is_one_word(smollm2_tokenizer: Any) -> None:
    row = read_ids(smollm2_tokenizer, smollm2_tokenizer("a 👩\u200d🦽 龘龘")["input_ids"])
    assert row.words is not None
    emoji = {word for text, word in zip(row.texts, row.words, strict=True) if "👩" in text or "🦽" in text}
    assert len(emoji) == 1
    assert len({word for text, word in zip(row.texts, row.words, strict=True) if "龘" in text}) == 2


def test_words_that_end_with_a_mark() -> None:
    vocab = {"[UNK]": 0, "c": 1, "at</w>": 2, "the</w>": 3, ",</w>": 4, "th": 5, "e</w>": 6}
    backend = Tokenizer(models.BPE(vocab, [("th", "e</w>")], unk_token="[UNK]", end_of_word_suffix="</w>"))
    row = read_ids(fast(backend, unk_token="[UNK]"), [3, 1, 2, 4, 1, 2])
    assert row.texts == ["the", "c", "at", ",", "c", "at"]
    assert row.words == (0, 1, 1, 2, 3, 3)


JOINING = ("PhobertTokenizer", "BertweetTokenizer", "CTRLTokenizer", "BlenderbotSmallTokenizer")
"""The tokenizers of transformers that mark tokens which continue, at their end."""


@pytest.mark.parametrize("name", JOINING)
def test_words_that_continue_after_a_mark(name: str, tmp_path: Path) -> None:
    """Merges and names are learnt and written in the way of subword-nmt; the tokenizer is that of transformers."""
    names = ["<unk>", "the", "c@@", "cat@@", "at</w>", "at", "s", "c", "on"]
    merges = ["a t</w> 9", "c a 8", "ca t 7", "t h 6", "th e</w> 5", "o n</w> 4"]
    is_plain = name in ("CTRLTokenizer", "BlenderbotSmallTokenizer")
    vocabulary, ranks = tmp_path / "vocab", tmp_path / "merges"
    if is_plain:
        vocabulary.write_text(json.dumps({one: id_ for id_, one in enumerate(["__null__", *names])}))
        ranks.write_text("\n".join(["#version: 0.2", *(" ".join(merge.split()[:2]) for merge in merges)]) + "\n")
    else:
        vocabulary.write_text("".join(f"{one} 9\n" for one in names[1:]))
        ranks.write_text("\n".join(merges) + "\n")
    tokenizer = getattr(transformers, name)(str(vocabulary), str(ranks), unk_token="<unk>")
    ids = tokenizer.convert_tokens_to_ids(tokenizer.tokenize("the cats on the cat"))
    row = read_ids(tokenizer, ids)
    assert grouped(row) == ["the", "cats", "on", "the", "cat"]
    whole = read_ids(tokenizer, tokenizer.convert_tokens_to_ids(["the", "on"]))
    assert (whole.texts, whole.words) == (["the", "on"], (0, 1))
    assert any("@@" in text for text in read_ids(tokenizer, ids, prettify=False).texts)


def test_bytes_and_ends_of_words() -> None:
    """Tokens like CLIP's: the alphabet of byte-level BPE, and a mark at the end of each word."""
    vocab = {"the</w>": 0, "na": 1, "Ã¯": 2, "ve</w>": 3, "!</w>": 4, "<|endoftext|>": 5}
    backend = Tokenizer(models.BPE(vocab, [], unk_token="<|endoftext|>", end_of_word_suffix="</w>"))
    backend.decoder = decoders.ByteLevel()
    row = read_ids(fast(backend, unk_token="<|endoftext|>"), [5, 0, 1, 2, 3, 4])
    assert row.texts == ["<|endoftext|>", "the", "na", "ï", "ve", "!"]
    assert row.words == (0, 1, 2, 2, 2, 3)


def test_a_vocabulary_of_whole_words() -> None:
    backend = Tokenizer(models.WordLevel({"[UNK]": 0, "the": 1, "cat": 2}, unk_token="[UNK]"))
    row = read_ids(fast(backend, unk_token="[UNK]"), [1, 2, 1])
    assert row.words == (0, 1, 2)


def test_a_vocabulary_without_word_marks() -> None:
    backend = Tokenizer(models.BPE({"[UNK]": 0, "th": 1, "e": 2, "cat": 3}, [], unk_token="[UNK]"))
    assert read_ids(fast(backend, unk_token="[UNK]"), [1, 2, 3]).words is None


@pytest.mark.parametrize(
    ("tokens", "words"),
    [
        (["[CLS]", "un", "##believ", "##able", "!", "[SEP]"], (0, 1, 1, 1, 2, 3)),
        (["<s>", "▁The", "▁ca", "t", ".", "</s>"], (0, 1, 2, 2, 3, 4)),
        (["The", "Ġca", "t", "Ċ", "A"], (0, 1, 1, 2, 3)),
        (["The", " ca", "t"], (0, 1, 1)),
        (["the</w>", "c", "at</w>"], (0, 1, 1)),
        (["<s>", "the", "c@@", "a@@", "t", "@@", "</s>"], (0, 1, 2, 2, 2, 3, 4)),
        (["a", "b", "c"], None),
        ([], None),
    ],
)
def test_words_of_tokens_without_a_tokenizer(tokens: list[str], words: tuple[int, ...] | None) -> None:
    assert read_names(tokens).words == words
    raw = read_names(tokens, prettify=False)
    assert (raw.texts, raw.words) == (tokens, words)


def test_words_reach_the_page(minilm: Any) -> None:
    capture = hs.capture(minilm.model, minilm.tokenizer, "Unbelievably so")
    map_ = capture.maps["self"]
    assert map_.query_words == map_.key_words == (0, *[1] * (len(map_.query_tokens) - 3), 2, 3)
    info = map_.info()
    assert info["query_words"] == list(map_.query_words)
    assert hs.from_attentions([[[[1.0]]]], ["a"]).maps["self"].info()["key_words"] is None


def test_tokens_as_the_vocabulary_writes_them(minilm: Any, smollm2_tokenizer: Any) -> None:
    raw = hs.capture(minilm.model, minilm.tokenizer, "Unbelievably so", prettify=False).maps["self"]
    pretty = hs.capture(minilm.model, minilm.tokenizer, "Unbelievably so").maps["self"]
    assert any(token.startswith("##") for token in raw.query_tokens)
    assert [token.removeprefix("##") for token in raw.query_tokens] == list(pretty.query_tokens)
    assert (raw.query_words, raw.query_special) == (pretty.query_words, pretty.query_special)
    ids = smollm2_tokenizer("a b")["input_ids"]
    assert read_ids(smollm2_tokenizer, ids, prettify=False).texts == ["a", "Ġb"]
