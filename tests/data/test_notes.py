"""Notes on heads: what is kept, what is refused, and that views and capture have the same."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from traitlets import TraitError

import headscope as hs
from headscope.data.descriptions import noted_maps
from headscope.data.notes import MAX_NAME, MAX_NOTES, MAX_TEXT, HeadKey, HeadNote, Notes, checked_note
from headscope.widgets.store import store_of


def tiny(layers: int = 4, heads: int = 2) -> hs.Capture:
    """Return a capture of three tokens."""
    return hs.from_attentions([np.full((heads, 3, 3), 1 / 3, dtype=np.float32)] * layers, ["a", "b", "c"])


def test_a_note_is_set_read_and_removed() -> None:
    capture = tiny()
    assert len(capture.notes) == 0
    assert (1, 0) not in capture.notes
    assert capture.note(layer=3, head=1, name=" induction ", text="looks at\r\nthe next token\n") == HeadNote(
        "induction", "looks at\nthe next token"
    )
    assert capture.notes[3, 1].name == capture.notes["self", 3, 1].name == "induction"
    capture.notes[0, 0] = "first token"
    capture.notes[0, 1] = HeadNote("", "only a text")
    assert list(capture.notes) == [("self", 0, 0), ("self", 0, 1), ("self", 3, 1)]
    assert dict(capture.notes)[HeadKey("self", 0, 0)] == HeadNote("first token")
    assert "('self', 3, 1): induction: looks at the next token" in repr(capture.notes)
    capture.note(3, 1, "renamed")
    assert capture.notes[3, 1] == HeadNote("renamed")
    del capture.notes[3, 1]
    with pytest.raises(KeyError, match="no note on layer 3, head 1"):
        capture.notes[3, 1]
    with pytest.raises(KeyError, match="no note"):
        del capture.notes[3, 1]
    capture.notes.clear()
    assert not capture.notes


@pytest.mark.parametrize(
    ("place", "note", "error", "words"),
    [
        ((9, 0), "x", IndexError, "layer 9"),
        ((0, 2), "x", IndexError, "head 2"),
        ((-1, 0), "x", IndexError, "layer -1"),
        ((True, 0), "x", TypeError, "True"),
        (("cross", 0, 0), "x", KeyError, "no attention map 'cross'"),
        ((0,), "x", TypeError, "not on"),
        (3, "x", TypeError, "not on"),
        ((0, 0), "", ValueError, "empty"),
        ((0, 0), " \n", ValueError, "empty"),
        ((0, 0), 3, TypeError, "takes a text"),
        ((0, 0), "n" * (MAX_NAME + 1), ValueError, "at most 60"),
        ((0, 0), HeadNote("n", "t" * (MAX_TEXT + 1)), ValueError, "at most 1000"),
        ((0, 0), "two\nlines", ValueError, "can't be shown"),
        ((0, 0), "bell\x07", ValueError, "can't be shown"),
        ((0, 0), "turned \u202e", ValueError, "can't be shown"),
        ((0, 0), HeadNote("n", "half \ud800"), ValueError, "can't be shown"),
    ],
)
def test_what_cannot_be_a_note_is_refused(place: Any, note: Any, error: type[Exception], words: str) -> None:
    capture = tiny()
    capture.note(1, 1, "stays")
    with pytest.raises(error, match=words):
        capture.notes[place] = note
    assert dict(capture.notes) == {("self", 1, 1): HeadNote("stays")}


def test_a_capture_keeps_a_bounded_number_of_notes() -> None:
    capture = tiny(layers=MAX_NOTES // 2 + 1)
    capture.notes.replace([((layer, head), HeadNote("x")) for layer in range(MAX_NOTES // 2) for head in (0, 1)])
    capture.note(0, 0, "another word for a head that has one")
    with pytest.raises(ValueError, match="at most 1000"):
        capture.note(MAX_NOTES // 2, 0, "one more")
    with pytest.raises(ValueError, match="at most 1000"):
        capture.notes.replace(
            [((layer, head), HeadNote("x")) for layer in range(MAX_NOTES // 2 + 1) for head in (0, 1)]
        )


def test_two_notes_on_a_head_are_refused() -> None:
    with pytest.raises(ValueError, match="two notes"):
        tiny().notes.replace([((0, 0), HeadNote("x")), (("self", 0, 0), HeadNote("y"))])


def test_notes_can_be_pickled_without_what_follows_them() -> None:
    capture = tiny()
    capture.note(1, 1, "kept", "with <b>text</b>")
    store_of(capture)
    copied = pickle.loads(pickle.dumps(capture.notes))
    assert dict(copied) == dict(capture.notes)
    assert copied.changed is None
    copied[0, 0] = "its own"
    assert (0, 0) not in capture.notes


@given(st.text(max_size=80), st.text(max_size=40))
def test_every_note_that_is_kept_is_kept_again(name: str, text: str) -> None:
    try:
        note = checked_note(name, text)
    except ValueError:
        return
    assert checked_note(note.name, note.text) == note
    assert len(note.name) <= MAX_NAME
    assert note.name or note.text


def test_store_and_capture_have_the_same_notes() -> None:
    capture = tiny()
    capture.note(0, 1, "before the store")
    store = store_of(capture)
    first = {"map": "self", "layer": 0, "head": 1, "name": "before the store", "text": ""}
    assert store.notes == [first]
    capture.note(2, 0, "after it")
    assert [note["name"] for note in store.notes] == ["before the store", "after it"]
    store.set_state({"notes": [{"map": "self", "layer": 3, "head": 1, "name": " typed ", "text": "in a page"}]})
    assert dict(capture.notes) == {("self", 3, 1): HeadNote("typed", "in a page")}
    assert store.notes[0]["name"] == "typed"
    store.set_state({"notes": []})
    assert not capture.notes


NOTE = {"map": "self", "layer": 0, "head": 0, "name": "n", "text": ""}


@pytest.mark.parametrize(
    "sent",
    [
        "notes",
        [3],
        [{}],
        [{**NOTE, "layer": 4}],
        [{**NOTE, "head": "0"}],
        [{**NOTE, "head": True}],
        [{**NOTE, "map": "cross"}],
        [{**NOTE, "map": None}],
        [{**NOTE, "name": None}],
        [{**NOTE, "name": ""}],
        [{**NOTE, "name": "n" * 61}],
        [{**NOTE, "name": "\x00"}],
        [{**NOTE, "text": "t" * 1001}],
        [NOTE, NOTE],
        [NOTE] * 5000,
    ],
)
def test_hostile_notes_of_a_page_change_nothing(sent: Any) -> None:
    capture = tiny()
    capture.note(1, 1, "stays")
    store = store_of(capture)
    with pytest.raises(TraitError):
        store.set_state({"notes": sent})
    assert dict(capture.notes) == {("self", 1, 1): HeadNote("stays")}
    assert [note["name"] for note in store.notes] == ["stays"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*NOTE, "x"]), inner, max_size=5),
    max_leaves=8,
)


@given(JSON | st.lists(st.fixed_dictionaries(dict.fromkeys(NOTE, JSON)), max_size=3))
def test_whatever_a_page_sends_the_notes_stay_valid(sent: Any) -> None:
    capture = tiny()
    store = store_of(capture)
    try:
        store.set_state({"notes": sent})
    except TraitError:
        assert not capture.notes
    assert Notes(capture.maps, capture.notes.items()).placed() == store.notes == capture.notes.placed()
    store.close()


def test_descriptions_hold_notes_only_where_there_are_some() -> None:
    capture = tiny()
    assert "notes" not in noted_maps(capture)[0]
    capture.note(1, 1, "named")
    assert noted_maps(capture)[0]["notes"] == [{"layer": 1, "head": 1, "name": "named", "text": ""}]
    assert "notes" not in store_of(capture).maps[0]


def test_notes_stay_in_the_file(tmp_path: Path) -> None:
    capture = tiny()
    capture.note(3, 1, "induction", 'a text with "quotes", ü, 猫 and\na second line')
    capture.note(0, 0, "<b>first</b>")
    loaded = hs.load(capture.save(tmp_path / "tiny.attn.safetensors"))
    assert dict(loaded.notes) == dict(capture.notes)
    loaded.note(0, 1, "more")
    again = hs.load(loaded.save(tmp_path / "again.attn.safetensors"))
    assert len(again.notes) == 3
    assert len(capture.notes) == 2
