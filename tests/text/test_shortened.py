"""Texts on one line."""

from __future__ import annotations

import pytest

from headscope.text.shortened import shortened


@pytest.mark.parametrize(
    ("text", "line"),
    [("", ""), ("a\n b", "a b"), ("12345", "12345"), ("123456", "1234…"), (" 1\t2 3 ", "1 2 3")],
)
def test_a_text_takes_one_line(text, line):
    assert shortened(text, 5) == line
