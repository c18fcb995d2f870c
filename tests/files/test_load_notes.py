"""Notes on heads in files: old files have none, and hostile ones are refused as a whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import headscope as hs
from headscope.data.notes import HeadNote, Notes
from headscope.files.fields import BrokenFileError

NOTE = {"layer": 1, "head": 0, "name": "induction", "text": "a\nb"}


def load(tmp_path: Path, file: Any, notes: Any) -> hs.Capture:
    """Load a golden file with other notes on its first map."""
    file.description["maps"][0]["notes"] = notes
    path = tmp_path / "x.attn.safetensors"
    path.write_bytes(file.together())
    return hs.load(path)


def test_files_without_notes_have_none(take_apart: Any, tmp_path: Path) -> None:
    file = take_apart("causal")
    assert "notes" not in file.description["maps"][0]
    assert not load(tmp_path, file, []).notes


def test_notes_of_a_file_are_those_of_the_capture(take_apart: Any, tmp_path: Path) -> None:
    assert dict(load(tmp_path, take_apart("causal"), [NOTE]).notes) == {
        ("self", 1, 0): HeadNote("induction", "a\nb"),
    }


REFUSED = {
    "no list": (3, "notes is 3, not a list"),
    "no object": ([3], "notes[0] is 3, not an object"),
    "no layer": ([{"head": 0, "name": "n", "text": ""}], "has no 'layer'"),
    "no text": ([{"layer": 0, "head": 0, "name": "n"}], "has no 'text'"),
    "a layer too many": ([{**NOTE, "layer": 2}], "layer is 2, not a whole number from 0 to 1"),
    "a head too many": ([{**NOTE, "head": 4}], "head is 4, not a whole number from 0 to 3"),
    "a fraction": ([{**NOTE, "head": 0.5}], "head is 0.5, not a whole number"),
    "a flag": ([{**NOTE, "head": True}], "head is True, not a whole number"),
    "a number as a name": ([{**NOTE, "name": 3}], "name is 3, not a text"),
    "an endless name": ([{**NOTE, "name": "n" * 61}], "has 61 characters: at most 60"),
    "an endless text": ([{**NOTE, "text": "n" * 1001}], "has 1001 characters: at most 1000"),
    "an empty note": ([{**NOTE, "name": " ", "text": "\n"}], "the note is empty"),
    "a control character": ([{**NOTE, "name": "\x1b[31m"}], "can't be shown"),
    "a turned text": ([{**NOTE, "text": "\u202e"}], "can't be shown"),
    "two notes on a head": ([NOTE, NOTE], "a second note on the same head"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_hostile_notes_are_refused(take_apart: Any, tmp_path: Path, case: str) -> None:
    notes, message = REFUSED[case]
    with pytest.raises(ValueError, match="can't be loaded") as caught:
        load(tmp_path, take_apart("causal"), notes)
    assert message in str(caught.value)
    assert "\x1b" not in str(caught.value)
    assert "\u202e" not in str(caught.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 5) | st.floats(allow_nan=False) | st.text(max_size=70),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*NOTE, "x"]), inner, max_size=5),
    max_leaves=10,
)
FIELDS = {"layer": st.integers(-1, 2), "head": st.integers(-1, 4), "name": st.text(max_size=70), "text": st.text()}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(JSON | st.lists(st.fixed_dictionaries(FIELDS), max_size=3))
def test_notes_of_any_file_are_valid_or_refused(take_apart: Any, tmp_path: Path, notes: Any) -> None:
    try:
        capture = load(tmp_path, take_apart("causal"), notes)
    except BrokenFileError as error:
        pytest.fail(f"the message does not name the file: {error}")
    except ValueError:
        return
    assert len(Notes(capture.maps, capture.notes.items())) == len(notes)
