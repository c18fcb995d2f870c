"""Segments of real models' inputs, by characters, markers, sentences and messages, and refused arguments."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
import torch

import headscope as hs
from zoo.models import ZOO, build, inputs_of

TEXT, PAIR = "The cat sat. It slept!", "A dog, Élodie's. It ran."
CHAT = [
    {"role": "user", "content": "Is it red? Say."},
    {"role": "assistant", "content": "No."},
    {"role": "user", "content": "Why 🙂?"},
]


def named(map_: hs.AttentionMap, side: str = "query") -> dict[str, str]:
    """Return the joined tokens of each segment by name."""
    tokens, segments = getattr(map_, f"{side}_tokens"), getattr(map_, f"{side}_segments")
    return {name: "".join(tokens[start:stop]) for name, start, stop in segments}


def shown(loaded: Any, *given: Any, **options: Any) -> dict[str, str]:
    capture = hs.capture(loaded.model, loaded.tokenizer, *given, layers=[0], progress=False, **options)
    map_ = capture.maps["self"]
    assert map_.query_segments == map_.key_segments
    return named(map_)


def test_a_text_has_no_segments_by_default(minilm: Any) -> None:
    assert shown(minilm, TEXT) == shown(minilm, TEXT, PAIR) == shown(minilm, TEXT, segments=[]) == {}


def test_sentences_of_both_texts_of_a_pair(minilm: Any) -> None:
    assert shown(minilm, TEXT, segments="sentences") == {"sentence 1": "thecatsat.", "sentence 2": "itslept!"}
    assert shown(minilm, TEXT, PAIR, segments="sentences") == {
        "sentence 1": "thecatsat.",
        "sentence 2": "itslept!",
        "sentence 3": "adog,elodie's.",
        "sentence 4": "itran.",
    }


def test_ranges_of_characters(minilm: Any) -> None:
    assert shown(minilm, TEXT, segments=[("verb", 8, 11), ("who", 4, 7)]) == {"who": "cat", "verb": "sat"}
    assert shown(minilm, TEXT, PAIR, segments=[("all", 0, len(TEXT))]) == {"all": "thecatsat.itslept!"}
    both = {"text": [("who", 4, 7)], "text_pair": [("who", 2, 13)]}
    map_ = hs.capture(minilm.model, minilm.tokenizer, TEXT, PAIR, segments=both).maps["self"]
    assert ["".join(map_.key_tokens[one.start : one.stop]) for one in map_.key_segments] == ["cat", "dog,elodie"]
    assert shown(minilm, TEXT, PAIR, segments={"text": None, "text_pair": "lines"}) == {"line": "adog,elodie's.itran."}


def test_markers(smollm2: Any) -> None:
    text = "Use these.\n\nDocument: red.\n\nDocument: blue.\n\nQuestion: why?"
    assert shown(smollm2, text, segments=["Document:", "Question:"]) == {
        "beginning": "Use these.\n\n",
        "Document 1": "Document: red.\n\n",
        "Document 2": "Document: blue.\n\n",
        "Question": "Question: why?",
    }


@pytest.mark.parametrize(("way", "count"), [("lines", 3), ("paragraphs", 2), ("sentences", 4)])
def test_parts_cover_the_text(smollm2: Any, way: str, count: int) -> None:
    text = "Red 🙂. Blue?\nGreen\n\n  Yes."
    parts = shown(smollm2, text, segments=way)
    assert len(parts) == count
    assert "".join(parts.values()).replace("🙂₁🙂₂", "🙂") == text


def test_the_messages_of_a_chat_are_its_segments(smollm2: Any) -> None:
    parts = shown(smollm2, CHAT)
    assert list(parts) == ["system", "user 1", "assistant", "user 2"]
    assert parts["system"].startswith("<|im_start|>system\nYou are a helpful AI assistant")
    assert parts["user 1"] == "<|im_start|>user\nIs it red? Say.<|im_end|>\n"
    assert parts["user 2"] == "<|im_start|>user\nWhy 🙂?<|im_end|>\n"
    assert shown(smollm2, CHAT, segments="messages") == parts
    assert shown(smollm2, CHAT, segments=[]) == {}
    written = smollm2.tokenizer.apply_chat_template(CHAT, tokenize=False)
    assert "".join(parts.values()) == written


def test_the_contents_of_a_chat_are_split(smollm2: Any) -> None:
    assert shown(smollm2, CHAT, segments="sentences") == {
        "sentence 1": "Is it red?",
        "sentence 2": " Say.",
        "sentence 3": "No.",
        "sentence 4": "Why 🙂?",
    }
    start = smollm2.tokenizer.apply_chat_template(CHAT, tokenize=False).index("red")
    assert shown(smollm2, CHAT, segments=[("colour", start, start + 3)]) == {"colour": " red"}
    assert list(shown(smollm2, CHAT, segments=["Is", "Why"])) == ["beginning", "Is", "Why"]


def test_a_chat_with_hidden_messages_is_captured(seq2seq_tokenizer: Any) -> None:
    model = build(next(one for one in ZOO if one.kind == "llama"))
    messages = [{"role": "red", "content": "green"}, {"role": "blue", "content": "yellow"}]
    seq2seq_tokenizer.chat_template = "{% for m in messages | reverse %}{{ m.content }} {% endfor %}"
    capture = hs.capture(model, seq2seq_tokenizer, messages)
    assert capture.maps["self"].query_segments == ()
    with pytest.raises(
        ValueError, match=r"does not show where a message begins: pass character ranges .*apply_chat_template"
    ):
        hs.capture(model, seq2seq_tokenizer, messages, segments="messages")


def test_positions_of_given_tokens(minilm: Any) -> None:
    batch = minilm.tokenizer([TEXT, "It"], padding=True, padding_side="left", return_tensors="pt")
    short = hs.capture(minilm.model, minilm.tokenizer, inputs=batch, batch_index=1, segments=[("it", 1, 2)])
    assert named(short.maps["self"]) == {"it": "it"}
    with pytest.raises(ValueError, match=r"'it' from 1 to 4 is not within the 3 tokens of input_ids"):
        hs.capture(minilm.model, minilm.tokenizer, inputs=batch, batch_index=1, segments=[("it", 1, 4)])
    whole = hs.capture(minilm.model, inputs=batch, batch_index=1, keep_padding=True, segments=[("it", 1, 4)])
    assert whole.maps["self"].query_segments == (("it", 1, 4),)


def test_both_sides_of_an_encoder_decoder(tiny: Any, seq2seq_tokenizer: Any) -> None:
    model = tiny("bart").model
    options = {"target": "red green blue", "segments": {"text": [("who", 6, 10)], "target": [("it", 4, 9)]}}
    capture = hs.capture(model, seq2seq_tokenizer, "green blue", **options)
    encoder, decoder, cross = (capture.maps[name] for name in ("encoder", "decoder", "cross"))
    assert named(encoder) == named(encoder, "key") == named(cross, "key") == {"who": "blue"}
    assert named(decoder) == named(cross) == {"it": "green"}
    lines = hs.capture(model, seq2seq_tokenizer, "green blue", target="red green", segments="lines").maps["cross"]
    assert (named(lines), named(lines, "key")) == ({"line": "redgreen"}, {"line": "greenblue"})
    positions = {"input_ids": [("a", 0, 2)], "decoder_input_ids": [("b", 1, 2)]}
    ids = {"input_ids": torch.tensor([[5, 6, 2]]), "decoder_input_ids": torch.tensor([[1, 7]])}
    cross = hs.capture(model, inputs=ids, segments=positions).maps["cross"]
    assert (cross.query_segments, cross.key_segments) == ((("b", 1, 2),), (("a", 0, 2),))


def test_maps_of_other_positions_have_none() -> None:
    clip = next(one for one in ZOO if one.kind == "clip")
    capture = hs.capture(build(clip), inputs=inputs_of(clip), segments=[("a", 0, 2)])
    assert capture.maps["text"].query_segments == (("a", 0, 2),)
    assert capture.maps["vision"].query_segments == ()


BAD: dict[str, tuple[Any, type[Exception], str]] = {
    "word": ("words", ValueError, "segments is 'words'; it can be 'sentences', 'paragraphs', 'lines', 'messages', a"),
    "no chat": ("messages", ValueError, "segments is 'messages', but text is one string: those of a chat are given as"),
    "marker": (["cow"], ValueError, "the marker 'cow' is not in the text. Markers must match exactly"),
    "one marker of two": (["cat", "Cat"], ValueError, "the marker 'Cat' is not in the text"),
    "empty marker": ([""], ValueError, "segments holds an empty marker: pass the text with which a segment begins"),
    "beyond": ([("a", 0, 99)], ValueError, "'a' from 0 to 99 is not within the 22 characters of text"),
    "negative": ([("a", -2, 3)], ValueError, "'a' from -2 to 3 is not within the 22 characters of text"),
    "empty": ([("a", 3, 3)], ValueError, "'a' from 3 to 3 is empty"),
    "overlap": ([("a", 0, 5), ("b", 4, 7)], ValueError, "'a' from 0 to 5 and 'b' from 4 to 7 overlap: end the first"),
    "space": ([("a", 3, 4)], ValueError, "'a' from 3 to 4 has no token of its own: ' ' is"),
    "part": (
        [("a", 4, 6), ("b", 6, 7)],
        ValueError,
        "'b' from 6 to 7 has no token of its own: 't' is part of a token",
    ),
    "mixed": (["cat", ("a", 0, 2)], TypeError, "segments holds 'cat': each segment is (name, start, stop)"),
    "number": (3, TypeError, "segments must be a list of (name, start, stop), not 3"),
    "argument": ({"target": "lines"}, ValueError, "segments has ranges for 'target', which was not given: it can have"),
}


@pytest.mark.parametrize("what", BAD)
def test_invalid_segments_are_refused(minilm: Any, what: str) -> None:
    segments, error, message = BAD[what]
    with pytest.raises(error, match=re.escape(message)):
        hs.capture(minilm.model, minilm.tokenizer, TEXT, segments=segments)


@pytest.mark.parametrize("segments", ["sentences", ["cat"], "messages"])
def test_without_a_text_nothing_is_split(minilm: Any, segments: Any) -> None:
    batch = minilm.tokenizer(TEXT, return_tensors="pt")
    with pytest.raises(ValueError, match=r"but there is no text to search: pass the text instead of inputs=, or"):
        hs.capture(minilm.model, minilm.tokenizer, inputs=batch, segments=segments)


class Slow:
    """A tokenizer without character offsets."""

    def __init__(self, fast: Any) -> None:
        self.fast = fast

    def __getattr__(self, name: str) -> Any:
        return getattr(self.fast, name)

    def __call__(self, *texts: str, **options: Any) -> dict[str, Any]:
        return dict(self.fast(*texts, **options))


@pytest.mark.parametrize("segments", ["sentences", ["cat"], [("a", 0, 3)]])
def test_a_tokenizer_without_offsets(minilm: Any, segments: Any) -> None:
    """Its tokens are found in the text, if they spell it."""
    slow = Slow(minilm.tokenizer)
    expected = hs.capture(minilm.model, minilm.tokenizer, TEXT, segments=segments).maps["self"].query_segments
    assert hs.capture(minilm.model, slow, TEXT, segments=segments).maps["self"].query_segments == expected != ()
    for texts in ((f"{TEXT} \u4e16\u2603\ufffd",), (TEXT, PAIR)):
        with pytest.raises(ValueError, match=r"does not say which characters a token stands for.*pass inputs="):
            hs.capture(minilm.model, slow, *texts, segments=segments)
    assert hs.capture(minilm.model, slow, TEXT).maps["self"].query_segments == ()


def test_weights_between_segments_are_sums_and_means(minilm: Any) -> None:
    capture = hs.capture(minilm.model, minilm.tokenizer, TEXT, PAIR, segments="sentences")
    map_ = capture.maps["self"]
    found = capture.segment_weights(3, head=5)
    assert (found.shape, found.dtype) == ((4, 4), np.float32)
    weights = capture.weights(3, 5).astype(np.float64)
    expected = [
        [weights[q.start : q.stop, k.start : k.stop].sum(1).mean() for k in map_.key_segments]
        for q in map_.query_segments
    ]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)
    assert capture.segment_weights(3).shape == (12, 4, 4)
    np.testing.assert_array_equal(capture.segment_weights(3, [7, 5])[1], found)
    assert (capture.segment_weights(3).sum(-1) < 1).all()


def test_segments_are_in_the_file(minilm: Any, tmp_path: Any) -> None:
    capture = hs.capture(minilm.model, minilm.tokenizer, TEXT, segments="sentences", layers=[2])
    loaded = hs.load(capture.save(tmp_path / "x.attn.safetensors"))
    assert loaded.maps["self"].query_segments == capture.maps["self"].query_segments != ()
    np.testing.assert_array_equal(loaded.segment_weights(2), capture.segment_weights(2))
