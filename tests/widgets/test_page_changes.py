"""What pages write: each change is applied as a whole, or leaves no trace and is taken back on the page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from traitlets import TraitError

from headscope import from_attentions
from headscope.export.pictures import page_of
from headscope.options import VALUES, VIEWS
from headscope.widgets.observers import SELECTION
from headscope.widgets.page_changes import CheckedWidget
from headscope.widgets.store import store_of
from headscope.widgets.views import View

KINDS = list(VIEWS)
HUGE = 10**400
NAMES = sorted({*(option.name for option in VALUES), *SELECTION, "own", "waiting", "decided", "notes"})


def weights(heads: int, queries: int, keys: int) -> np.ndarray:
    return np.random.default_rng(0).dirichlet(np.ones(keys), (heads, queries)).astype(np.float32)


def of_maps(count: int) -> Any:
    if count == 1:
        return from_attentions([weights(3, 4, 4)] * 2, list("abcd"), sentence_b_start=2)
    return from_attentions(
        encoder_attentions=[weights(3, 4, 4)] * 3,
        decoder_attentions=[weights(2, 3, 3)] * 2,
        cross_attentions=[weights(2, 3, 4)] * 2,
        encoder_tokens=list("abcd"),
        decoder_tokens=list("xyz"),
    )


@contextmanager
def messages_of(widget: CheckedWidget) -> Iterator[list[dict[str, Any]]]:
    sent: list[dict[str, Any]] = []
    widget._send = lambda message, **_buffers: sent.append(message)
    try:
        yield sent
    finally:
        del widget._send


def traces(view: View) -> list[Any]:
    """Everything that a page's change could have changed, also where only code reads it."""
    store = view.store
    own = {name: getattr(view, name) for name in view.keys if name != "layout"}
    shared = {name: getattr(store, name) for name in store.keys if name != "layout"}
    return [own, shared, store.place(), view.place(), repr(view.selection), dict(view.capture.notes), view.follow]


def assert_works(view: View) -> None:
    """Fail unless everything that reads the place and the options of a view still works."""
    capture = view.capture
    for selection in (capture.selection, view.selection):
        map_ = capture.maps[selection.map]
        assert 0 <= selection.layer < map_.num_layers
        assert set(selection.heads) <= set(range(map_.num_heads(selection.layer)))
        assert selection.query in (None, *range(len(map_.query_tokens)))
        assert selection.key in (None, *range(len(map_.key_tokens)))
    page_of(view, "shown").encode()
    assert view._repr_mimebundle_() is not None
    view.get_state(), view.store.get_state()
    again = capture.head_view()
    assert again.place() == view.store.place()
    again.close()


def write(widget: CheckedWidget, view: View, change: dict[str, Any]) -> None:
    """Let a page write, and assert that the change was applied, or refused without a trace."""
    before = traces(view)
    with messages_of(widget) as sent:
        try:
            widget.set_state(change)
        except TraitError:
            assert traces(view) == before
            known = change.keys() & set(widget.keys)
            told = [message for message in sent if message["method"] in ("update", "echo_update")]
            assert len(told) == 2 * bool(known)
            for message in told:
                binary = {path[0] for path in message["buffer_paths"]}
                assert message["state"].keys() | binary == known
                stays = widget.get_state(list(known))
                assert all(message["state"][name] == stays[name] for name in known - binary)
    assert_works(view)


NUMBERS = (
    st.integers(-3, 6)
    | st.sampled_from([HUGE, -HUGE, 2**63, 2**31, 1e308, float("nan"), float("inf"), -0.0, 0.5, 0.999, 5])
    | st.floats()
)
WORDS = (
    st.sampled_from(["all", "self", "encoder", "decoder", "cross", "ab", "ba", "log", "in", "mean", "heat", "dark"])
    | st.sampled_from(["", "\0", "\ud800", "\u202e", "x" * 20_000, "layer", "query", "threshold"])
    | st.text(max_size=5)
)
PLAIN = st.none() | st.booleans() | NUMBERS | WORDS
LONG = st.sampled_from([[0] * 100_000, list(range(5000)), ["layer"] * 5000, [[[[[]]]]], [{}] * 3])
LISTS = st.lists(st.integers(-1, 5) | PLAIN, max_size=4) | LONG
PLACES = st.dictionaries(st.sampled_from([*SELECTION, "lair"]), PLAIN | LISTS, max_size=4)
NOTE = st.fixed_dictionaries(dict.fromkeys(["map", "layer", "head", "name", "text"], PLAIN))
VALUE = PLAIN | LISTS | PLACES | st.lists(NOTE, max_size=2) | st.binary(max_size=9).map(memoryview)


@pytest.mark.parametrize("count", [1, 3], ids=["one map", "three maps"])
@pytest.mark.parametrize("kind", KINDS)
@settings(deadline=None, max_examples=30)
@given(data=st.data())
def test_whatever_a_page_writes_everything_works(kind: str, count: int, data: Any) -> None:
    capture = of_maps(count)
    view = getattr(capture, VIEWS[kind].call)()
    try:
        for widget in data.draw(st.lists(st.sampled_from([view, view.store]), min_size=1, max_size=3)):
            names = st.sampled_from([name for name in NAMES if name in widget.keys] + ["unknown"])
            write(widget, view, data.draw(st.dictionaries(names, VALUE, min_size=1, max_size=3)))
    finally:
        view.store.close()
        view.close()


@settings(deadline=None, max_examples=30)
@given(data=st.data())
def test_whatever_a_page_writes_into_one_option_everything_works(data: Any) -> None:
    """As above, but every value comes close to one that an option takes."""
    capture = of_maps(1)
    view = capture.explorer(layer=data.draw(st.sampled_from([None, 1])))
    value = st.sampled_from([[0], [3, 1], [4], [], [True], [1.0], {"layer": 1}, {"heads": [2]}, {"heads": [True]}])
    for _ in range(3):
        name = data.draw(st.sampled_from([name for name in NAMES if name in view.keys]))
        write(view, view, {name: data.draw(value | NUMBERS | WORDS)})
    view.store.close()
    view.close()


def kernels_own(widget: CheckedWidget) -> list[str]:
    return sorted(set(widget.keys) - widget.FROM_PAGES)


def test_what_belongs_to_the_kernel_is_not_for_pages() -> None:
    view = of_maps(1).explorer()
    for widget in (view, view.store):
        names = kernels_own(widget)
        assert {"_esm", "_view_module", "layout"} <= set(names)
        for name in names:
            for value in (None, "x", 3, [], {}, memoryview(b"abc")):
                write(widget, view, {name: value})
            with pytest.raises(TraitError, match="not for pages to write"):
                widget.set_state({name: "another"})
    assert view.view == "explorer"


@pytest.mark.parametrize("change", [{"layer": 10**9}, {"map": "unknown"}, {"heads": [0, 9]}, {"query": 1, "key": 99}])
def test_a_refused_move_moves_nothing_and_the_page_is_told(change: dict[str, Any]) -> None:
    capture = of_maps(1)
    capture.select(layer=1, heads=[2], query=0, key=3)
    view = capture.head_view()
    place = dict(view.store.place())
    seen: list[Any] = []
    capture.selection.observe(seen.append)
    with messages_of(view.store) as sent, pytest.raises(TraitError, match="a page's change was refused"):
        view.store.set_state(change)
    assert [message["method"] for message in sent] == ["echo_update", "update"]
    assert all(message["state"] == {name: place[name] for name in change} for message in sent)
    assert (view.store.place(), seen) == (place, [])


@pytest.mark.parametrize("change", [{"threshold": 5}, {"gain": float("nan")}, {"top_k": HUGE, "threshold": -1}])
def test_a_refused_option_stays_as_it_was(change: dict[str, Any]) -> None:
    view = of_maps(1).head_view(threshold=0.25, top_k=2, gain=3)
    write(view, view, change)
    assert (view.threshold, view.top_k, view.gain) == (0.25, 2, 3)


def test_one_bad_value_refuses_the_whole_change() -> None:
    capture = of_maps(1)
    view = capture.head_view()
    write(view, view, {"threshold": 0.5, "top_k": 0})
    assert view.threshold is None
    write(view.store, view, {"layer": 1, "heads": "x"})
    assert capture.selection.layer == 0


def test_a_change_that_is_no_object_is_refused() -> None:
    store = store_of(of_maps(1))
    for change in (None, 3, "layer", ["layer"]):
        with pytest.raises(TraitError):
            store.set_state(change)


def test_a_view_with_fields_of_a_map_that_its_capture_leaves_is_fitted() -> None:
    capture = of_maps(3)
    view = capture.head_view()
    view.set_state({"own": {"layer": 2, "heads": [2], "query": 3}})
    view.store.set_state({"map": "cross"})
    assert (view.layer, view.heads, view.query) == (1, [0, 1], None)
    assert_works(view)


def test_a_page_that_moves_a_view_to_another_map_may_correct_the_rest_later() -> None:
    capture = of_maps(3)
    view = capture.head_view(map="encoder", layer=2, heads=[2], query=1)
    view.set_state({"own": {**view.own, "map": "cross"}})
    assert (view.map, view.layer, view.heads, view.query) == ("cross", 1, [0, 1], 1)
    write(view, view, {"own": {**view.own, "layer": 2}})
    assert view.layer == 1
