"""Numbers with their nouns."""

from __future__ import annotations

import pytest

from headscope.text.counted import counted


@pytest.mark.parametrize(
    ("numbers", "nouns", "text"),
    [
        (0, ("layer",), "0 layers"),
        (1, ("layer",), "1 layer"),
        (2, ("query", "queries"), "2 queries"),
        (1, ("query", "queries"), "1 query"),
        ((1,), ("head",), "1 head"),
        ((4, 2, 4), ("head",), "2 to 4 heads"),
        ((1, 2), ("head",), "1 to 2 heads"),
    ],
)
def test_the_noun_follows_the_number(numbers, nouns, text):
    assert counted(numbers, *nouns) == text


def test_a_span_has_the_callers_sign():
    assert counted((4, 2), "head", to="-") == "2-4 heads"
