"""Character ranges to token ranges, with drawn texts and with real tokenizers."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headscope.text.segments import Segment
from headscope.text.splitting import split
from headscope.tracing.inputs.offsets import Offsets, found_offsets, read_offsets, token_ranges

SLOW_FIXTURES = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@st.composite
def cut(draw: st.DrawFn) -> tuple[str, list[Segment], Offsets]:
    """Draw a text, its segments, some with gaps, and its tokens, some without characters and some that share them."""
    text = draw(st.text(st.sampled_from("ab \n"), min_size=1, max_size=30))
    ends = sorted(draw(st.sets(st.integers(0, len(text)), min_size=2, max_size=8)))
    pairs = list(pairwise(ends))[:: draw(st.integers(1, 2))]
    segments = [Segment(str(number), *pair) for number, pair in enumerate(pairs)]
    borders = sorted({0, len(text), *draw(st.sets(st.integers(0, len(text)), max_size=20))})
    offsets: list[tuple[int, int] | None] = []
    for span in pairwise(borders):
        offsets += draw(st.sampled_from([[span], [span, span], [None, span]]))
    return text, segments, offsets


def owner(text: str, segments: list[Segment], span: tuple[int, int]) -> str | None:
    """Return the segment of a token, by a literal implementation of the rule."""
    written = [at for at in range(*span) if not text[at].isspace()]
    characters = range(written[0], written[-1] + 1) if written else range(*span)
    owners = (one.name for at in characters for one in segments if one.start <= at < one.stop)
    return next(owners, None)


@given(cut())
def test_a_token_belongs_to_the_segment_of_its_first_character(drawn: tuple[str, list[Segment], Offsets]) -> None:
    text, segments, offsets = drawn
    found = token_ranges(segments, text, offsets)
    owners = [None if span is None else owner(text, segments, span) for span in offsets]
    assert [one is None for one in found] == [one.name not in owners for one in segments]
    for one in filter(None, found):
        inside = owners[one.start : one.stop]
        assert inside[0] == inside[-1] == one.name
        assert set(inside) <= {one.name, None}
        assert owners.count(one.name) == inside.count(one.name)


@given(cut())
def test_token_segments_ascend_without_overlap(drawn: tuple[str, list[Segment], Offsets]) -> None:
    text, segments, offsets = drawn
    ends = [end for one in token_ranges(segments, text, offsets) if one for end in one[1:]]
    assert ends == sorted(ends)


def test_a_segment_within_a_token() -> None:
    segments = [Segment("a", 4, 6), Segment("b", 6, 8)]
    assert token_ranges(segments, "the undone", [(0, 3), (3, 10)]) == [Segment("a", 1, 2), None]


@SLOW_FIXTURES
@given(st.text(st.one_of(st.sampled_from("aB. \n🙂é你"), st.characters(exclude_categories=["Cs"])), max_size=40))
def test_sentences_cover_real_tokens(smollm2_tokenizer: Any, text: str) -> None:
    encoding = smollm2_tokenizer(text)
    offsets = read_offsets(encoding, 0, 0)
    found = [one for one in token_ranges(split(text, "sentences"), text, offsets or []) if one]
    covered = [token for one in found for token in range(one.start, one.stop)]
    assert covered == (list(range(len(encoding["input_ids"]))) if text.strip() else [])


@pytest.mark.parametrize("text", ["The cat sat.", "Élodie's DOG 🙂, unbelievably."])
def test_offsets_of_a_pair(minilm: Any, text: str) -> None:
    encoding = minilm.tokenizer("A first text", text)
    first, second = (read_offsets(encoding, 0, sequence) for sequence in (0, 1))
    assert first
    assert second
    assert len(first) == len(second) == len(encoding["input_ids"])
    assert not any(one and other for one, other in zip(first, second, strict=True))
    assert (first[0], second[0], second[-1]) == (None, None, None)
    assert "".join(text[slice(*span)] for span in second if span) == "".join(text.split())


def test_a_tokenizer_without_offsets() -> None:
    assert read_offsets({"input_ids": [[1, 2]]}, 0, 0) is None


@pytest.mark.parametrize(
    ("text", "tokens", "special", "expected"),
    [
        ("The cat", ["[CLS]", "the", "cat", "[SEP]"], (0, 3), [None, (0, 3), (4, 7), None]),
        ("a  bc\n", [" a", " b", "c", " "], (), [(0, 1), (3, 4), (4, 5), None]),
        ("The cat", ["the", "[UNK]"], (), None),
        ("The cat sat", ["the", "cat"], (), None),
        ("The black cat", ["the", "cat"], (), None),
        ("\u0130x", ["x"], (), None),
    ],
)
def test_tokens_are_found_in_the_text(text, tokens, special, expected):
    assert found_offsets(text, tokens, special) == expected
