"""Lines, paragraphs, sentences and markers: where each begins, and that together they cover the text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headscope.text.splitting import BEGINNING, SPLITS, marker_name, split, split_at_markers

TEXTS = st.one_of(st.text(), st.text(st.sampled_from("aB .!?…\"')。」\n\r\t1-"), max_size=60))


def parts(text: str, way: str) -> list[str]:
    return [text[one.start : one.stop] for one in split(text, way)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The cat sat. It slept!  Did it?", ["The cat sat. ", "It slept!  ", "Did it?"]),
        ('"Go!" he said. "Now." And (so.) Yes', ['"Go!" ', "he said. ", '"Now." ', "And (so.) ", "Yes"]),
        ("It is 3.14, see example.com or e.g. this ... and so on.", None),
        ("a != b and Yahoo!Answers", None),
        ("Mr. Smith", ["Mr. ", "Smith"]),
        ("1. Bread\n2. Butter", ["1. Bread\n", "2. Butter"]),
        ("Buy:\n- bread\n- butter. Go", ["Buy:\n", "- bread\n", "- butter. ", "Go"]),
        ("你好。再见\uff01「是。」好", ["你好。", "再见\uff01", "「是。」", "好"]),
        ("هل هذا؟ نعم", ["هل هذا؟ ", "نعم"]),
        ("यह है। वह है।", ["यह है। ", "वह है।"]),
        ("  One. \n\n  Two", ["  One. \n\n", "  Two"]),
        ("", []),
        (" \n ", []),
    ],
)
def test_sentences(text: str, expected: list[str] | None) -> None:
    assert parts(text, "sentences") == ([text] if expected is None else expected)


def test_paragraphs_end_with_a_blank_line() -> None:
    assert parts("\n\nA b\nc\r\n\r\n  \nd\n", "paragraphs") == ["\n\nA b\nc\r\n\r\n  \n", "d\n"]


def test_lines_end_with_their_newline() -> None:
    assert parts("a\n\nb\r\nc", "lines") == ["a\n\n", "b\r\n", "c"]


@given(TEXTS, st.sampled_from(sorted(SPLITS)))
def test_parts_cover_the_text(text: str, way: str) -> None:
    found = parts(text, way)
    assert "".join(found) == (text if text.strip() else "")
    assert all(part.strip() for part in found)
    assert {one.name for one in split(text, way)} <= {SPLITS[way][0]}


@given(TEXTS)
def test_sentences_end_with_paragraphs_and_lines(text: str) -> None:
    starts = {way: {one.start for one in split(text, way)} for way in SPLITS}
    assert starts["paragraphs"] <= starts["lines"] <= starts["sentences"]


def test_a_marker_begins_a_segment() -> None:
    text = "Read. Doc: a. Doc: b. Q: c"
    found = split_at_markers(text, ["Doc:", "Q:"])
    expected = [(BEGINNING, "Read. "), ("Doc", "Doc: a. "), ("Doc", "Doc: b. "), ("Q", "Q: c")]
    assert [(one.name, text[one.start : one.stop]) for one in found] == expected


def test_the_longest_of_several_markers_counts() -> None:
    text = "#### a # b"
    found = split_at_markers(text, ["#", "####"])
    assert [(one.name, text[one.start : one.stop]) for one in found] == [("####", "#### a "), ("#", "# b")]


def test_a_text_without_markers_has_no_segments() -> None:
    assert split_at_markers("a b", ["#"]) == split_at_markers("a b", []) == split_at_markers("", ["#"]) == []


@pytest.mark.parametrize(
    ("marker", "name"), [("## Doc", "## Doc"), ("\n\nUser: ", "User"), ("\n\n", r"\n\n"), (":", ":"), ("[1]", "[1]")]
)
def test_a_segment_is_named_after_its_marker(marker: str, name: str) -> None:
    assert marker_name(marker) == name


@given(TEXTS, st.lists(st.text(st.sampled_from("aB .\n"), min_size=1, max_size=2), max_size=3))
def test_parts_between_markers_cover_the_text(text: str, markers: list[str]) -> None:
    found = split_at_markers(text, markers)
    there = any(marker in text for marker in markers) and text.strip()
    assert "".join(text[one.start : one.stop] for one in found) == (text if there else "")
    for one in found[1:]:
        assert text[one.start :].startswith(tuple(markers))
