"""What of its place a view owns, what it follows, and links of single views."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from traitlets import TraitError

import headscope as hs
from headscope import from_attentions
from headscope.widgets.store import store_of


def weights(heads: int, queries: int, keys: int) -> np.ndarray:
    return np.random.default_rng(0).dirichlet(np.ones(keys), (heads, queries)).astype(np.float32)


def of_one_map(layers: int = 4) -> Any:
    return from_attentions([weights(6, 5, 5)] * layers, list("abcde"), sentence_b_start=2)


@pytest.fixture
def capture() -> Any:
    return of_one_map()


NAMED = {"layer": 2, "heads": [5], "query": 1, "key": 3, "pair": "ab"}


def fails(error: type[Exception], call: Any, *args: Any, **keywords: Any) -> None:
    with pytest.raises(error):
        call(*args, **keywords)


def place(view: Any) -> dict[str, Any]:
    return {name: view.place()[name] for name in NAMED}


def moves_from_elsewhere(capture: Any, view: Any) -> list[Any]:
    """All that may happen in later cells: other calls, moves, failed calls, views that no page shows."""
    return [
        lambda: capture.head_view(layer=0, heads=[1], query=4, key=4, pair="ba"),
        lambda: capture.explorer(),
        lambda: capture.select(layer=3, heads=[0, 2], query=0, key=0, pair="bb"),
        lambda: setattr(capture.head_view(), "layer", 1),
        lambda: store_of(capture).set_state({"layer": 0, "heads": [1], "query": 2, "key": None}),
        lambda: fails(ValueError, capture.select, layer=9),
        lambda: fails(ValueError, capture.head_view, layer=1, heads=[17]),
        lambda: fails(ValueError, capture.head_view(layer=1).save, "never.svgz"),
        lambda: fails(ValueError, setattr, view, "layer", 99),
    ]


@pytest.mark.parametrize("call", ["head_view", "model_view", "matrix_view", "neuron_view", "text_view", "explorer"])
def test_what_a_call_names_stays(capture: Any, call: str) -> None:
    view = getattr(capture, call)(**NAMED)
    for move in moves_from_elsewhere(capture, view):
        move()
        assert place(view) == NAMED


@pytest.mark.parametrize("name", NAMED)
def test_each_named_field_stays_by_itself(capture: Any, name: str) -> None:
    view = capture.head_view(**{name: NAMED[name]})
    for move in moves_from_elsewhere(capture, view):
        move()
        assert view.place()[name] == NAMED[name]


def test_a_call_moves_nothing_but_its_view(capture: Any) -> None:
    follower, before = capture.head_view(), repr(capture.selection)
    capture.matrix_view(**NAMED)
    assert repr(capture.selection) == before
    assert place(follower) == {"layer": 0, "heads": None, "query": None, "key": None, "pair": "all"}


def test_a_call_that_names_nothing_follows(capture: Any) -> None:
    capture.select(**NAMED)
    view = capture.text_view(threshold=0.1)
    assert (view.follow, place(view)) == (True, NAMED)
    capture.select(layer=0, heads=None)
    assert place(view) == NAMED | {"layer": 0, "heads": None}
    view.query = 4
    assert capture.selection.query == 4


def test_what_is_left_out_begins_at_its_default_and_follows_the_next_move(capture: Any) -> None:
    capture.select(heads=[5], query=1, key=2, pair="ba")
    view = capture.head_view(layer=1)
    assert place(view) == {"layer": 1, "heads": None, "query": None, "key": None, "pair": "all"}
    capture.select(query=3)
    assert place(view) == {"layer": 1, "heads": None, "query": 3, "key": None, "pair": "all"}
    capture.select(heads=[2])
    assert view.heads == [0, 1, 2, 3, 4, 5]  # they belong to the layer, which is the view's own
    view.key = 2  # where the capture's is already
    assert (view.key, view.waiting) == (2, ["pair"])
    view.key = 4
    assert (view.key, capture.selection.key) == (4, 4)


@pytest.mark.parametrize("every", [None, "all"])
def test_all_heads_and_no_pin_can_be_named(capture: Any, every: Any) -> None:
    capture.select(heads=[5], query=1)
    view = capture.head_view(heads=every, query=None)
    assert (view.heads, view.query) == ([0, 1, 2, 3, 4, 5], None)
    capture.select(heads=[2], query=2)
    assert (view.heads, view.query) == ([0, 1, 2, 3, 4, 5], None)
    assert capture.model_view(include_heads=every, include_layers=every).include_heads is None
    view.heads = [3]
    view.heads = every
    assert view.heads == [0, 1, 2, 3, 4, 5]
    assert capture.select(heads=every).heads == [0, 1, 2, 3, 4, 5]


def test_head_is_another_word_for_heads(capture: Any) -> None:
    assert capture.head_view(head=3, heads=None).heads == [3]
    assert capture.head_view(head=None, heads=[2]).heads == [2]


def test_a_reader_moves_a_view_s_own_place_alone(capture: Any) -> None:
    view, other = capture.head_view(layer=2), capture.head_view(layer=3)
    view.set_state({"own": {**view.own, "layer": 1, "heads": [4]}})
    assert (view.layer, view.heads, other.layer, capture.selection.layer) == (1, [4], 3, 0)
    view.layer = 0
    assert (view.layer, other.layer, capture.selection.layer) == (0, 3, 0)


@pytest.mark.parametrize(
    "own", [{"layer": 9}, {"heads": []}, {"query": -1}, {"map": "cross"}, {"pair": "x"}, {"lair": 1}, {"layer": "1"}]
)
def test_what_a_page_sends_is_checked(capture: Any, own: Any) -> None:
    view = capture.head_view(layer=2)
    with pytest.raises((ValueError, TypeError, TraitError)):
        view.set_state({"own": own})
    assert view.layer == 2


def test_the_chain_links_and_unlinks(capture: Any) -> None:
    view = capture.head_view(layer=2, heads=[1])
    assert view.follow is False
    view.follow = True
    assert (view.layer, view.follow) == (0, True)
    capture.select(layer=3)
    assert view.layer == 3
    view.follow = False
    capture.select(layer=1, query=2)
    assert (view.layer, view.query) == (3, None)
    with pytest.raises(ValueError, match="follow is 'no'; it can be True or False"):
        view.follow = "no"


def test_follow_in_a_call(capture: Any) -> None:
    capture.select(layer=1, query=2)
    apart, along = capture.head_view(follow=False), capture.head_view(layer=3, follow=True)
    assert (apart.layer, apart.query, apart.follow) == (1, 2, False)
    assert (along.layer, along.query, along.follow, capture.selection.layer) == (3, None, True, 1)
    capture.select(layer=0, query=4)
    assert (apart.layer, apart.query) == (1, 2)
    assert (along.layer, along.query) == (0, 4)
    assert capture.head_view(follow=None).follow is True


def test_a_view_of_one_of_several_maps_owns_all_of_its_place(encoder_decoder: Any) -> None:
    view = encoder_decoder.head_view(map="cross", layer=1, query="z")
    assert (view.map, view.layer, view.heads, view.query) == ("cross", 1, [0, 1], 2)
    encoder_decoder.select(map="encoder", layer=2, heads=[3], query=5)
    assert (view.map, view.layer, view.heads, view.query, view.follow) == ("cross", 1, [0, 1], 2, False)
    view.map = "encoder"
    assert (view.map, view.layer, view.heads, view.query) == ("encoder", 1, [0, 1, 2, 3], None)
    follower = encoder_decoder.head_view()
    assert (follower.map, follower.layer, follower.heads, follower.query) == ("encoder", 2, [3], 5)
    follower.map = "cross"
    assert (encoder_decoder.selection.map, follower.layer) == ("cross", 1)


def test_a_view_of_another_map_starts_at_a_layer_that_it_has(encoder_decoder: Any) -> None:
    encoder_decoder.select(layer=2)
    assert encoder_decoder.head_view(map="cross").layer == 0
    assert encoder_decoder.head_view(heads=[1]).layer == 2


def test_a_view_is_moved_in_one_step_or_not_at_all(capture: Any) -> None:
    view = capture.head_view(layer=2)
    assert repr(view.select(layer=1, head=4, query="c")) == (
        "Selection(map='self', layer=1, heads=[4], query=2, key=None)"
    )
    before, there = place(view), repr(capture.selection)
    for bad in ({"layer": 3, "heads": [9]}, {"layer": 3, "query": "x"}, {"query": 1, "layer": 7}):
        with pytest.raises(ValueError, match=r"out of range|no query token"):
            view.select(**bad)
    assert (place(view), repr(capture.selection)) == (before, there)
    with pytest.raises(TypeError, match="did you mean 'layer'"):
        view.select(layr=1)


def test_moves_of_one_view_are_observed(capture: Any) -> None:
    view, seen = capture.head_view(layer=2), []
    view.selection.observe(lambda change: seen.append((change.name, change.old, change.new)))
    capture.select(layer=3, query=1)
    assert seen == [("query", None, 1)]
    view.layer = 0
    view.follow = True
    assert seen[1:] == [("layer", 2, 0), ("layer", 0, 3)]
    capture.select(heads=[1])
    assert seen[3:] == [("heads", None, [1])]


def test_single_views_are_linked(capture: Any) -> None:
    other = of_one_map(2)
    one, two, third = capture.head_view(), other.matrix_view(), capture.head_view()
    link = hs.link(one, two)
    one.select(layer=3, heads=[2], query=4)
    assert (two.layer, two.heads, two.query) == (1, [2], 4)
    assert (third.layer, capture.selection.layer, other.selection.layer) == (0, 0, 0)
    two.layer = 0
    assert (one.layer, third.layer) == (0, 0)
    link.unlink()
    two.layer = 1
    assert one.layer == 0


def test_a_view_is_linked_with_a_capture(capture: Any) -> None:
    other = of_one_map()
    view = other.head_view()
    hs.link(capture, view)
    capture.select(layer=2)
    assert (view.layer, other.selection.layer) == (2, 0)
    view.layer = 1
    assert capture.selection.layer == 1


def test_saved_pages_and_snapshots_keep_each_view_s_own_place(capture: Any, tmp_path: Any) -> None:
    one, two = capture.head_view(layer=2, heads=[1]), capture.head_view(layer=3, query=2)
    capture.select(layer=1)
    for view, layer in ((one, 2), (two, 3)):
        data, _ = view._repr_mimebundle_()
        [state] = [part["state"] for part in data.values() if isinstance(part, dict) and "state" in part]
        assert {name: state[name] for name in NAMED} == place(view)
        assert state["layer"] == layer
        assert f'"layer":{layer},' in view.save(tmp_path / f"{layer}.html").read_text()
