"""Every option answers every wrong value with a sentence, in the call and when it is assigned to a view."""

from __future__ import annotations

import re
import traceback
from typing import Any

import numpy as np
import pytest
import torch

import headscope as hs
from headscope.options import KEYWORDS, OPTIONS, Option
from headscope.plain_errors import PACKAGE

HOSTILE: dict[str, Any] = {
    "an array": np.array([True, False]),
    "a tensor": torch.ones(2, 2),
    "floats": [1.5],
    "a dict": {"a": 99},
    "bytes": b"\xff",
    "an object": object(),
    "infinity": float("inf"),
    "not a number": float("nan"),
    "a far position": 10**30,
    "a negative position": -7,
    "an array of texts": np.array(["linear", "auto"]),
    "a list of a text": ["linear"],
    "True": True,
    "a mask": [True, False, True],
    "nothing": [],
    "a text": "\x00 no such value",
}


@pytest.fixture(scope="module")
def capture() -> Any:
    return hs.from_attentions([np.full((3, 3, 3), 1 / 3, dtype=np.float32)] * 2, list("abc"))


def answer(call: Any) -> str:
    """Return the type and message of a call's error, which has no lines of Headscope; empty if it succeeds."""
    try:
        call()
    except (TypeError, ValueError) as error:
        caught = error
    else:
        return ""
    frames = traceback.extract_tb(caught.__traceback__)
    assert {frame.name for frame in frames if frame.filename.startswith(PACKAGE)} <= {"plain"}
    return f"{type(caught).__name__}: {caught}"


def shown_with(capture: Any, option: Option, value: Any) -> Any:
    return getattr(capture, {"explorer": "explorer"}.get(option.views[0], f"{option.views[0]}_view"))(
        **{option.name: value}
    )


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_wrong_values_are_answered_with_the_name_of_the_option(capture: Any, option: Option, hostile: str) -> None:
    found = answer(lambda: shown_with(capture, option, HOSTILE[hostile]))
    assert not found or re.search(rf"\b{option.name}\b|attention map", found)


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("option", [one for one in OPTIONS if one.group != "place"], ids=lambda option: option.name)
def test_an_assignment_answers_as_the_call_does(capture: Any, option: Option, hostile: str) -> None:
    value = HOSTILE[hostile]
    view = shown_with(capture, option, None)
    before = getattr(view, option.name)
    if isinstance(value, list) and value == before:
        setattr(view, option.name, value)
        assert getattr(view, option.name) == before
        return
    found = answer(lambda: setattr(view, option.name, value))
    assert found == answer(lambda: shown_with(capture, option, value))
    if found:
        assert getattr(view, option.name) == before
    else:
        assert getattr(view, option.name) == getattr(shown_with(capture, option, value), option.name)


@pytest.mark.parametrize("name", ["layer", "head", "heads", "query", "key"])
@pytest.mark.parametrize(
    "value", [True, np.bool_(True), torch.tensor(True), [True, False], np.array([True, False]), torch.ones(2).bool()]
)
def test_truth_values_are_no_positions(capture: Any, name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=rf"{name} is "):
        capture.head_view(**{name: value})
    with pytest.raises(ValueError, match=rf"{name} is "):
        capture.select(**{name: value})


def test_assigned_keys_have_the_same_form_as_in_a_call(capture: Any) -> None:
    view = capture.head_view(exclude=["c"])
    view.exclude = ["a", ("b", 0)]
    assert view.exclude == [0, 1]
    view.exclude = None
    view.hide_sink = np.bool_(True)
    assert (view.exclude, view.hide_sink) == ([], True)


def test_an_empty_text_is_told_what_to_be(capture: Any) -> None:
    with pytest.raises(ValueError, match="query is an empty text: name a token, or pass None to pin no token"):
        capture.head_view(query="")
    with pytest.raises(ValueError, match="exclude is an empty text: name a token by its text or its position"):
        capture.head_view(exclude=[""])


def test_a_single_occurrence_belongs_in_a_list(capture: Any) -> None:
    for call in (lambda keys: capture.head_view(exclude=keys), lambda keys: capture.trace(query=0, exclude=keys)):
        with pytest.raises(ValueError, match=r"exclude is \('a', 0\); it takes a list: \[\('a', 0\)\] for one"):
            call(("a", 0))


@pytest.mark.parametrize("value", [1, np.int64(1), "1"])
def test_what_is_not_a_list_is_told_how_to_be_one(capture: Any, value: Any) -> None:
    advice = "or 'all'" if isinstance(value, str) else r"in a list, such as \[1\], or head=1"
    with pytest.raises(ValueError, match=advice):
        capture.head_view(heads=value)


def test_an_option_of_other_views_is_named_as_such(capture: Any) -> None:
    kinds = ", ".join(kind for kind in KEYWORDS if "color_map" in KEYWORDS[kind])
    with pytest.raises(TypeError, match=f"'color_map' for the head view: it is for views of the kind {kinds}"):
        capture.figure(color_map="magma")


def test_a_layer_that_was_left_out_is_named_as_such() -> None:
    torch.manual_seed(0)
    module = torch.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    encoder = torch.nn.TransformerEncoder(module, 3, enable_nested_tensor=False).eval()
    capture = hs.capture(encoder, inputs=torch.randn(1, 4, 8), layers=[0, 2])
    with pytest.raises(ValueError, match=r"layer 1 was left out: layers= kept only layers 0, 2"):
        capture.head_view(layer=1)
    view = capture.head_view()
    for move in (
        lambda: capture.select(layer=1),
        lambda: setattr(capture.selection, "layer", 1),
        lambda: view.select(layer=1),
    ):
        with pytest.raises(ValueError, match=r"layer 1 was left out: layers= kept only layers 0, 2"):
            move()
    assert (capture.selection.layer, view.layer) == (0, 0)
