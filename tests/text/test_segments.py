"""Segments: checks of named ranges, and the weights between them."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import headscope as hs
from headscope.text.segments import Segment, check_segments, numbered

WEIGHTS = np.full((1, 6, 6), 1 / 6, dtype=np.float32)
TOKENS = list("abcdef")


def test_segments_are_sorted() -> None:
    found = check_segments([("user", 4, 6), ("system", 0, 3)], 6, "tokens")
    assert found == (Segment("system", 0, 3), Segment("user", 4, 6))
    assert check_segments([["user", np.int64(1), 2]], 6, "tokens") == (("user", 1, 2),)
    assert check_segments((), 0, "tokens") == ()


@pytest.mark.parametrize(
    ("segments", "error", "message"),
    [
        ("sentences", TypeError, "segments must be a list of (name, start, stop), not 'sentences'"),
        (3, TypeError, "segments must be a list of (name, start, stop), not 3"),
        (["system"], TypeError, "segments holds 'system': each segment is (name, start, stop), such as ('system', 0"),
        ([(0, 2)], TypeError, "segments holds (0, 2)"),
        ([(1, 0, 2)], TypeError, "segments holds (1, 0, 2)"),
        ([("a", 0.0, 2)], TypeError, "'a' goes from 0.0 to 2, but start and stop are whole numbers"),
        ([("a", False, 2)], TypeError, "'a' goes from False to 2"),
        ([("a", 2, 2)], ValueError, "'a' from 2 to 2 is empty: stop is the first position after the segment"),
        ([("a", 3, 2)], ValueError, "'a' from 3 to 2 is not within the 6 tokens"),
        ([("a", -1, 2)], ValueError, "'a' from -1 to 2 is not within the 6 tokens: start is at least 0"),
        ([("a", 0, 7)], ValueError, "'a' from 0 to 7 is not within the 6 tokens"),
        ([("b", 2, 5), ("a", 0, 3)], ValueError, "'a' from 0 to 3 and 'b' from 2 to 5 overlap: end the first at 2"),
    ],
)
def test_invalid_segments_are_refused(segments: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        check_segments(segments, 6, "tokens")


@given(st.lists(st.tuples(st.text(), st.integers(-2, 12), st.integers(-2, 12)), max_size=4))
def test_checked_segments_never_overlap(segments: list[tuple[str, int, int]]) -> None:
    try:
        found = check_segments(segments, 10, "tokens")
    except ValueError:
        return
    covered = [at for one in found for at in range(one.start, one.stop)]
    assert covered == sorted(set(covered))
    assert set(covered) <= set(range(10))
    assert sorted(found) == sorted(segments)


def test_repeated_names_are_numbered() -> None:
    names = ["system", "user", "assistant", "user"]
    found = numbered(Segment(name, at, at + 1) for at, name in enumerate(names))
    assert [one.name for one in found] == ["system", "user 1", "assistant", "user 2"]


def test_segments_of_given_weights() -> None:
    capture = hs.from_attentions([WEIGHTS], TOKENS, segments=[("system", 0, 2), ("user", 3, 6)])
    map_ = capture.maps["self"]
    assert map_.query_segments == map_.key_segments == (("system", 0, 2), ("user", 3, 6))
    expected = [{"name": "system", "start": 0, "stop": 2}, {"name": "user", "start": 3, "stop": 6}]
    assert map_.info()["query_segments"] == map_.info()["key_segments"] == expected
    assert hs.from_attentions([WEIGHTS], TOKENS).maps["self"].info()["query_segments"] == []


def test_segments_of_separate_keys() -> None:
    segments = {"tokens": [("a", 0, 1)], "key_tokens": [("b", 2, 6)]}
    map_ = hs.from_attentions([WEIGHTS], TOKENS, key_tokens=TOKENS, segments=segments).maps["self"]
    assert (map_.query_segments, map_.key_segments) == ((("a", 0, 1),), (("b", 2, 6),))
    map_ = hs.from_attentions([WEIGHTS], TOKENS, key_tokens=TOKENS, segments=[("a", 0, 1)]).maps["self"]
    assert (map_.query_segments, map_.key_segments) == ((("a", 0, 1),), ())


def test_segments_of_an_encoder_decoder() -> None:
    options: dict[str, Any] = {"encoder_tokens": TOKENS, "decoder_tokens": TOKENS[:2]}
    options |= {"encoder_attentions": [WEIGHTS], "cross_attentions": [WEIGHTS[:, :2]]}
    segments = {"encoder_tokens": [("text", 0, 5)], "decoder_tokens": [("target", 1, 2)]}
    capture = hs.from_attentions(**options, segments=segments)
    assert capture.maps["encoder"].query_segments == capture.maps["cross"].key_segments == (("text", 0, 5),)
    assert capture.maps["cross"].query_segments == (("target", 1, 2),)


@pytest.mark.parametrize(
    ("segments", "error", "message"),
    [
        ("sentences", TypeError, "segments is 'sentences', but there is no text to split: give (name, start, stop)"),
        ([("a", 0, 7)], ValueError, "segments: 'a' from 0 to 7 is not within the 6 tokens"),
        ({"encoder_tokens": []}, ValueError, "segments has ranges for 'encoder_tokens', which was not given"),
        (["a"], TypeError, "segments holds 'a': each segment is (name, start, stop)"),
    ],
)
def test_invalid_segments_of_given_weights_are_refused(segments: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        hs.from_attentions([WEIGHTS], TOKENS, segments=segments)


def test_chosen_layers_keep_their_segments() -> None:
    capture = hs.from_attentions([WEIGHTS] * 3, TOKENS, segments=[("a", 0, 2)], layers=[1])
    assert capture.maps["self"].query_segments == (("a", 0, 2),)


def test_weights_between_segments() -> None:
    weights = np.random.default_rng(3).random((2, 6, 6)).astype(np.float32)
    capture = hs.from_attentions([weights], TOKENS, segments=[("a", 0, 2), ("b", 3, 6)])
    rows = np.stack([weights[:, :2].mean(1), weights[:, 3:].mean(1)], 1)
    expected = np.stack([rows[..., :2].sum(-1), rows[..., 3:].sum(-1)], -1)
    np.testing.assert_allclose(capture.segment_weights(0), expected, rtol=0, atol=1e-6)
    np.testing.assert_array_equal(capture.segment_weights(0, 1), capture.segment_weights(0)[1])


def test_weights_between_unknown_segments_are_refused() -> None:
    cross = hs.from_attentions([WEIGHTS] * 2, TOKENS, key_tokens=TOKENS, segments=[("a", 0, 1)], layers=[1])
    with pytest.raises(ValueError, match="the 'self' map has no key segments: pass segments= when you capture"):
        cross.segment_weights(1)
    with pytest.raises(ValueError, match="layer 0 was left out"):
        cross.segment_weights(0)
    with pytest.raises(ValueError, match="there is no attention map 'cross'"):
        cross.segment_weights(1, map="cross")
    with pytest.raises(ValueError, match="has no query segments"):
        hs.from_attentions([WEIGHTS], TOKENS).segment_weights(0, 0)


def test_a_map_checks_its_segments() -> None:
    record = hs.from_attentions([WEIGHTS], TOKENS).maps["self"].records
    with pytest.raises(ValueError, match="key_segments: 'a' from 0 to 7 is not within the 6 key tokens"):
        hs.AttentionMap("self", record, TOKENS, TOKENS, key_segments=[("a", 0, 7)])
