"""Finding tokens by their text."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headscope.text.find_token import find_token

TOKENS = ["[CLS]", " the", " cat", " un", "believ", "able", " cat", "s", "\n", " category"]
WORDS = [0, 1, 2, 3, 3, 3, 4, 4, 5, 6]


@pytest.mark.parametrize(
    ("wanted", "position"),
    [
        (0, 0),
        (9, 9),
        ("cat", 2),
        (" cat", 2),
        (("cat", 0), 2),
        (("cat", 1), 6),
        (["cat", 1], 6),
        ("believ", 4),
        ("unbelievable", 3),
        ("cats", 6),
        ("categ", 9),
        ("unbel", 3),
        ("Cats", 6),
        ("CAT", 2),
        (("Cat", 1), 6),
        ("UnBel", 3),
        ("[cls]", 0),
        ("\n", 8),
        ("[CLS]", 0),
        ("s", 7),
    ],
)
def test_tokens_are_found(wanted: Any, position: int) -> None:
    assert find_token("query", wanted, TOKENS, WORDS) == position


@pytest.mark.parametrize(("wanted", "position"), [("us", 3), ("US", 1), ("Us", 0), ("uS", 0), ("U", 0), ("u", 2)])
def test_an_exact_match_precedes_another_letter_case(wanted: str, position: int) -> None:
    assert find_token("query", wanted, ["Us", " US", "used", " us"], None) == position


def test_words_are_not_found_if_they_are_unknown() -> None:
    with pytest.raises(ValueError, match="no query token is 'unbelievable'"):
        find_token("query", "unbelievable", TOKENS, None)


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("Catz", "no query token is 'Catz'; similar: ' cat' at 2, ' cat' at 6"),
        ("belief", "similar: 'believ' at 4"),
        ("zebra", "no query token is 'zebra'; no token is similar"),
        (("cat", 2), r"query \('cat', 2\) does not exist: 'cat' occurs 2 times, numbered from 0, at 2, 6"),
        (("cat", -1), "'cat' occurs 2 times"),
        (10, "query 10 is out of range: valid is from 0 to 9"),
        (-1, "query -1 is out of range"),
        ("", "empty text"),
        (1.5, r"query is 1.5; it takes a position, a text, or"),
        (("cat", "2"), "it takes a position"),
        (("cat", 1, 2), "it takes a position"),
    ],
)
def test_the_error_lists_similar_tokens(wanted: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        find_token("query", wanted, TOKENS, WORDS)


def test_the_error_lists_all_tokens_of_a_short_text() -> None:
    with pytest.raises(ValueError, match="the tokens are 'one' at 0, 'two' at 1"):
        find_token("key", "zebra", ["one", "two"], None)


@given(st.lists(st.text(min_size=1, max_size=3), min_size=1, max_size=8), st.data())
def test_every_token_is_found_by_its_text(tokens: list[str], data: st.DataObject) -> None:
    position = data.draw(st.integers(0, len(tokens) - 1))
    found = find_token("query", tokens[position], tokens, None)
    bare = [token.strip(" ") or token for token in tokens]
    assert bare[found] == bare[position]
    nth = bare[:position].count(bare[position])
    assert find_token("query", (tokens[position], nth), tokens, None) == position
