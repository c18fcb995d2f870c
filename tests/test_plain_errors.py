"""Errors about what was passed show the caller's line, not Headscope's own lines."""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell

import headscope as hs
from headscope.plain_errors import PACKAGE, is_on_purpose, plain_errors

WEIGHTS = [np.full((2, 3, 3), 1 / 3, dtype=np.float32)] * 2


@pytest.fixture
def capture() -> Any:
    return hs.from_attentions(WEIGHTS, list("abc"))


MISTAKES: dict[str, Callable[[Any], object]] = {
    "an unknown keyword": lambda capture: capture.head_view(layr=1),
    "a layer": lambda capture: capture.head_view(layer=7),
    "a token": lambda capture: capture.select(query="z"),
    "a head of the weights": lambda capture: capture.weights(layer=0, head=9),
    "an assignment to a view": lambda capture: setattr(capture.head_view(), "layer", 7),
    "an assignment to an option": lambda capture: setattr(capture.head_view(), "threshold", 3),
    "an unknown attribute": lambda capture: setattr(capture.head_view(), "treshold", 0.1),
    "an assignment to the selection": lambda capture: setattr(capture.selection, "layer", 7),
    "a picture that no page draws": lambda capture: capture.head_view().save("figure.svgz"),
    "a file": lambda _: hs.load("no-such-file.attn.safetensors"),
    "axes": lambda _: hs.from_attentions(np.zeros((2, 3)), list("abc")),
    "a keyword of a function": lambda _: hs.from_attentions(WEIGHTS, token=list("abc")),
    "a link": lambda capture: hs.link(capture),
    "the file of a figure": lambda capture: capture.figure().save("figure.gif"),
    "views side by side": lambda capture: hs.compare(capture, 5),
    "an option of views side by side": lambda capture: hs.compare(capture, capture, layer=9),
    "a kind of view": lambda capture: hs.compare(capture, capture, view=["head"]),
    "the file of views side by side": lambda capture: hs.compare(capture, capture).save("pair.gif"),
    "a note": lambda capture: capture.notes.__setitem__((0, 0), 5),
    "all notes": lambda capture: setattr(capture, "notes", {}),
    "a note to remove": lambda capture: capture.notes.__delitem__((0, 0)),
    "a map": lambda capture: capture.weights(layer=0, map=["self"]),
    "a share of sinks": lambda capture: capture.maps["self"].sinks(0, "0.3"),
    "a layer of sinks": lambda capture: capture.maps["self"].sinks(9),
    "keys of a trace": lambda capture: capture.trace(query=0, exclude=5),
    "the title of a page": lambda capture: capture.head_view().save("page.html", title=5),
    "a setting": lambda _: setattr(hs.settings, "snapshot_bytes", -1),
}


def lines_of_headscope(error: BaseException) -> list[str]:
    frames = traceback.extract_tb(error.__traceback__)
    return [frame.name for frame in frames if frame.filename.startswith(PACKAGE)]


@pytest.mark.parametrize("mistake", MISTAKES)
def test_an_error_about_what_was_passed_starts_at_the_call(capture: Any, mistake: str) -> None:
    with pytest.raises(Exception, match=r"\w") as caught:
        MISTAKES[mistake](capture)
    assert set(lines_of_headscope(caught.value)) <= {"plain"}
    assert caught.value.__suppress_context__


def test_a_notebook_shows_the_line_and_the_message(capture: Any, capsys: Any) -> None:
    shell = InteractiveShell.instance()
    shell.user_ns["capture"] = capture
    try:
        shell.run_cell("1 + 1\ncapture.head_view(layer=7)")
        shown = capsys.readouterr().out
    finally:
        InteractiveShell.clear_instance()
    shown = re.sub(r"\x1b\[[\d;]*m", "", shown)
    assert "----> 2 capture.head_view(layer=7)" in shown
    assert "layer 7 is out of range" in shown
    assert "site-packages" not in shown
    assert len(shown.strip().splitlines()) < 16


def test_all_lines_can_be_shown(capture: Any) -> None:
    hs.settings.full_tracebacks = True
    try:
        with pytest.raises(ValueError, match="layer 7 is out of range") as caught:
            capture.head_view(layer=7)
    finally:
        hs.settings.full_tracebacks = False
    assert len(lines_of_headscope(caught.value)) > 3
    with pytest.raises(ValueError, match=r"full_tracebacks is 1\.5; it can be True or False"):
        hs.settings.full_tracebacks = 1.5  # type: ignore[assignment]


def test_errors_that_nobody_raised_on_purpose_keep_their_lines() -> None:
    def fails() -> None:
        {}["no such key"]

    with pytest.raises(KeyError) as caught:
        plain_errors(fails)()
    assert not is_on_purpose(caught.value)
    assert [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)][-1] == "fails"
    assert not is_on_purpose(ValueError("never raised"))


def test_the_cause_of_an_error_is_kept(tmp_path: Path) -> None:
    broken = tmp_path / "broken.attn.safetensors"
    broken.write_bytes(b"\x08\0\0\0\0\0\0\0{}      ")
    with pytest.raises(ValueError, match="broken") as caught:
        hs.load(broken)
    assert caught.value.__suppress_context__
