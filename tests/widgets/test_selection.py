"""The selection of a capture: moving and observing it, and finding tokens by text."""

from __future__ import annotations

import threading
from dataclasses import FrozenInstanceError
from typing import Any

import numpy as np
import pytest

from headscope import from_attentions
from headscope.widgets.selection import SelectionChange
from headscope.widgets.store import store_of


def weights(heads: int, queries: int, keys: int) -> np.ndarray:
    return np.random.default_rng(0).dirichlet(np.ones(keys), (heads, queries)).astype(np.float32)


@pytest.fixture
def capture() -> Any:
    tokens = ["<s>", "▁the", "▁cat", "▁un", "able", "▁cat"]
    return from_attentions([weights(heads, 6, 6) for heads in (3, 4, 3)], tokens, sentence_b_start=3)


@pytest.fixture
def changes(capture: Any) -> list[tuple[str, Any, Any]]:
    """The changes that observers of the capture's selection receive."""
    seen: list[tuple[str, Any, Any]] = []
    capture.selection.observe(lambda change: seen.append((change.name, change.old, change.new)))
    return seen


def test_a_place_is_selected_in_one_step(capture: Any) -> None:
    selection = capture.select(layer=1, head=3, query="cat", key=("cat", 1), pair="ab")
    assert repr(selection) == "Selection(map='self', layer=1, heads=[3], query=2, key=5, pair='ab')"
    assert (capture.select(heads=[2, 0]).heads, capture.select(heads=None).heads) == ([0, 2], [0, 1, 2, 3])
    assert capture.select(query=None).query is None
    assert capture.selection.key == 5


def test_omitted_options_and_none_change_nothing(capture: Any) -> None:
    capture.select(layer=2, query=1)
    assert repr(capture.select(layer=None, map=None, pair=None)) == repr(capture.selection)
    assert (capture.selection.layer, capture.selection.query) == (2, 1)


def test_words_of_several_tokens_and_text_by_assignment(capture: Any) -> None:
    capture.selection.query = "unable"
    capture.selection.key = "the"
    assert (capture.selection.query, capture.selection.key) == (3, 1)
    assert capture.head_view(query="cat").query == 2


def test_numpy_integers_are_positions(capture: Any) -> None:
    capture.select(layer=np.int64(1), heads=np.array([1, 2]), query=np.int32(3))
    assert capture.selection.heads == [1, 2]
    assert store_of(capture).layer == 1


@pytest.mark.parametrize(
    ("place", "error", "message"),
    [
        ({"layer": 3}, ValueError, "layer 3 is out of range"),
        ({"layer": 1.5}, ValueError, "a whole number from 0 to 2"),
        ({"layer": 1, "query": "dog"}, ValueError, "no query token is 'dog'"),
        ({"layer": 1, "query": 9}, ValueError, "query 9 is out of range"),
        ({"head": 1, "heads": [1]}, ValueError, "give one of the two"),
        ({"head": 4}, ValueError, "head 4 is out of range"),
        ({"heads": []}, ValueError, "heads is empty"),
        ({"pair": "ac"}, ValueError, "pair is 'ac'"),
        ({"map": "cross"}, ValueError, "no attention map 'cross'"),
        ({"quary": 1}, TypeError, r"select\(\) has no keyword 'quary': did you mean 'query'"),
    ],
)
def test_an_invalid_selection_moves_nothing(
    capture: Any, changes: list[Any], place: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        capture.select(**place)
    assert changes == []


def test_sentences_are_shown_if_there_are_two(capture: Any, encoder_decoder: Any) -> None:
    capture.selection.pair = "ba"
    assert capture.selection.pair == store_of(capture).pair == "ba"
    encoder_decoder.select(pair="ab")
    encoder_decoder.select(map="cross")
    assert encoder_decoder.selection.pair == "all"
    with pytest.raises(ValueError, match="the 'cross' map has no second sentence"):
        encoder_decoder.selection.pair = "ab"


def test_observers_are_called_once_per_change(capture: Any, changes: list[Any]) -> None:
    capture.select(layer=1, head=3)
    assert changes == [("layer", 0, 1), ("heads", None, [3])]
    capture.select(layer=1, head=3)
    assert len(changes) == 2
    capture.selection.heads = None
    capture.head_view(layer=2)
    assert changes[2:] == [("heads", [3], None)]


def test_observers_are_called_for_a_page_s_moves(capture: Any, changes: list[Any]) -> None:
    store_of(capture).set_state({"layer": 2, "query": 4})
    assert changes == [("layer", 0, 2), ("query", None, 4)]


def test_another_map_is_one_move(encoder_decoder: Any) -> None:
    seen: list[SelectionChange] = []
    encoder_decoder.select(layer=2, heads=[3], query=5)
    encoder_decoder.selection.observe(seen.append)
    encoder_decoder.select(map="cross", layer=0)
    assert [(change.name, change.new) for change in seen] == [
        ("map", "cross"),
        ("layer", 0),
        ("heads", None),
        ("query", None),
    ]


def test_single_fields_are_observed_and_unobserved(capture: Any) -> None:
    seen: list[Any] = []
    capture.selection.observe(seen.append, names="layer")
    capture.selection.observe(seen.append, names=["query"])
    capture.select(layer=1, head=0, query=2)
    assert [change.name for change in seen] == ["layer", "query"]
    capture.selection.unobserve(seen.append, names="layer")
    capture.select(layer=2, query=3)
    assert [change.name for change in seen] == ["layer", "query", "query"]
    capture.selection.unobserve(seen.append)
    capture.selection.unobserve(seen.append)
    capture.select(query=0)
    assert len(seen) == 3


def test_bad_observers(capture: Any) -> None:
    with pytest.raises(ValueError, match="a selection has no 'token'; it has map, layer"):
        capture.selection.observe(print, names="token")
    with pytest.raises(TypeError, match="must be a function"):
        capture.selection.observe("print")


@pytest.mark.parametrize("name", ["map", "layer", "heads", "query", "key", "pair"])
def test_a_capture_itself_has_no_place_to_set(capture: Any, name: str) -> None:
    with pytest.raises(AttributeError, match=rf"capture\.select\({name}=1\)"):
        setattr(capture, name, 1)


def test_a_change_is_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        SelectionChange("layer", 0, 1).new = 2  # type: ignore[misc]


def test_an_observer_that_fails_does_not_block_others(capture: Any) -> None:
    def fail(_change: SelectionChange) -> None:
        raise RuntimeError("no")

    seen: list[Any] = []
    capture.selection.observe(fail)
    capture.selection.observe(seen.append)
    with pytest.raises(RuntimeError, match="no"):
        capture.select(layer=1, query=1)
    assert len(seen) == 2
    assert capture.selection.layer == 1


def test_an_observer_may_move_the_selection(capture: Any, changes: list[Any]) -> None:
    capture.selection.observe(lambda change: capture.select(query=change.new), names="layer")
    capture.selection.layer = 2
    assert capture.selection.query == 2
    assert changes == [("layer", 0, 2), ("query", None, 2)]


def test_an_observer_may_wait_for_another_thread_that_moves(capture: Any) -> None:
    def wait(_change: SelectionChange) -> None:
        other = threading.Thread(target=capture.select, kwargs={"query": 1}, daemon=True)
        other.start()
        other.join(timeout=30)
        assert not other.is_alive(), "the Store was still held"

    capture.selection.observe(wait, names="layer")
    capture.selection.layer = 1
    assert capture.selection.query == 1
