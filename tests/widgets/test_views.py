"""The view widgets: their options, and the selection that they share."""

from typing import Any

import numpy as np
import pytest
from traitlets import TraitError

from headscope import from_attentions
from headscope.contract import StoreTraits, ViewTraits
from headscope.options import DEFAULTS, KEYWORDS, PLACE
from headscope.widgets.store import store_of


@pytest.fixture
def capture() -> Any:
    layers = [np.full((heads, 3, 3), 1 / 3, dtype=np.float32) for heads in (2, 4, 2)]
    return from_attentions(layers, list("abc"), segments=[("system", 0, 2), ("user", 2, 3)])


def test_all_views_share_one_selection(capture: Any) -> None:
    head, model = capture.head_view(), capture.model_view()
    head.layer = 2
    assert (model.layer, capture.selection.layer) == (2, 2)
    capture.selection.heads = [1]
    assert (head.heads, model.heads) == ([1], [1])
    model.query, head.key = 1, 2
    assert (capture.selection.query, capture.selection.key) == (1, 2)
    head.heads = None
    assert model.heads == [0, 1]


def test_options_move_the_selection(capture: Any) -> None:
    view = capture.head_view(layer=1, heads=[3, 0], theme="dark", include_layers=[1, 2])
    assert (view.layer, view.heads, view.theme, view.include_layers) == (1, [0, 3], "dark", [1, 2])


def test_no_option_leaves_the_selection_alone(capture: Any) -> None:
    capture.selection.layer = 2
    assert capture.head_view().layer == 2


def test_the_first_included_layer_is_shown(capture: Any) -> None:
    assert capture.head_view(include_layers=[2, 1]).layer == 2


def test_layers_that_were_left_out_are_not_offered() -> None:
    layers = [np.full((2, 3, 3), 1 / 3, dtype=np.float32)] * 4
    view = from_attentions(layers, list("abc"), layers=[1, 3]).head_view()
    assert (view.include_layers, view.layer) == ([1, 3], 1)


def test_segments_are_opened_by_name_or_number(capture: Any) -> None:
    assert capture.head_view(merge_segments=True, open_segments=["user", 0]).open_segments == [0, 1]
    assert capture.head_view(open_segments=[]).open_segments == []
    assert capture.head_view().open_segments == []


def test_segments_of_one_name_are_opened_together() -> None:
    layers = np.full((2, 1, 3, 3), 1 / 3, dtype=np.float32)
    segments = [("user", 0, 1), ("model", 1, 2), ("user", 2, 3)]
    view = from_attentions(list(layers), list("abc"), segments=segments).head_view(open_segments=["user"])
    assert view.open_segments == [0, 2]


def test_unknown_segments_are_refused() -> None:
    layers = np.full((2, 1, 3, 3), 1 / 3, dtype=np.float32)
    capture = from_attentions(list(layers), list("abc"))
    for wanted in ({"open_segments": [0]}, {"open_segments": ["user"]}, {"merge_segments": True}):
        with pytest.raises(ValueError, match="the 'self' map has no segments: pass segments= when you capture"):
            capture.head_view(**wanted)


def test_heads_that_the_layer_lacks_are_left_out(capture: Any) -> None:
    view = capture.head_view(layer=1, heads=[1, 3])
    view.layer = 0
    assert view.heads == [1]
    view.layer = 1
    assert view.heads == [1, 3]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"layr": 1}, TypeError, r"head_view\(\) has no keyword 'layr': did you mean 'layer'"),
        ({"include_heads": [0]}, TypeError, "no keyword 'include_heads'"),
        ({"layer": 3}, ValueError, "layer 3 is out of range.*0 to 2"),
        ({"layer": "x"}, ValueError, "layer is 'x'; it takes a whole number from 0 to 2"),
        ({"heads": []}, ValueError, "heads is empty"),
        ({"heads": [4]}, ValueError, "heads 4 is out of range"),
        ({"include_layers": []}, ValueError, "include_layers is empty"),
        ({"include_layers": [0, 7]}, ValueError, "include_layers 7 is out of range"),
        ({"layer": 0, "include_layers": [1]}, ValueError, "layer 0 is not among include_layers"),
        ({"theme": "black"}, ValueError, "theme is 'black'"),
        ({"map": "cross"}, ValueError, "no attention map 'cross'"),
        ({"head": 4}, ValueError, "head 4 is out of range"),
        ({"head": 1, "heads": [0]}, ValueError, r"head is 1 and heads is \[0\]: give one of the two"),
        ({"query": "z"}, ValueError, "no query token is 'z'; the tokens are 'a' at 0"),
        ({"pair": "ab"}, ValueError, "the 'self' map has no second sentence"),
        ({"merge_segments": 2}, ValueError, "merge_segments is 2; it can be True or False"),
        ({"open_segments": "user"}, ValueError, "open_segments is 'user'; it takes a list of names or numbers"),
        ({"open_segments": 1}, ValueError, "open_segments is 1; it takes a list"),
        ({"open_segments": ["users"]}, ValueError, "open_segments has 'users'; the segments are 'system', 'user'"),
        ({"open_segments": [2]}, ValueError, "open_segments 2 is out of range: valid is from 0 to 1"),
        ({"open_segments": [0.5]}, ValueError, "open_segments is .0.5.; it takes whole numbers from 0 to 1"),
        ({"threshold": 1}, ValueError, "threshold is 1; it takes a weight, from 0 to less than 1"),
        ({"threshold": -0.1}, ValueError, "threshold is -0.1"),
        ({"threshold": float("nan")}, ValueError, "threshold is nan"),
        ({"threshold": "0.1"}, ValueError, "threshold is '0.1'"),
        ({"threshold": True}, ValueError, "threshold is True"),
        ({"scale": "cubic"}, ValueError, "scale is 'cubic'; it can be 'auto', 'linear', 'sqrt', 'log'"),
        ({"gain": 0}, ValueError, "gain is 0; it takes a number above 0, at most 1000, or None"),
        ({"gain": "4"}, ValueError, "gain is '4'"),
        ({"gain": float("nan")}, ValueError, "gain is nan"),
        ({"top_k": 0}, ValueError, "top_k is 0; it takes a whole number of keys, at least 1"),
        ({"top_k": 2.0}, ValueError, "top_k is 2.0"),
        ({"hide_special": "yes"}, ValueError, "hide_special is 'yes'; it can be True or False"),
        ({"direction": "inwards"}, ValueError, "direction is 'inwards'; it can be 'out', 'in'"),
        ({"search": 3}, ValueError, "search is 3; it takes a text"),
        ({"treshold": 0.1}, TypeError, "no keyword 'treshold': did you mean 'threshold'"),
        ({"topk": 3}, TypeError, "no keyword 'topk': did you mean 'top_k'"),
        ({"combine": "mean"}, TypeError, "no keyword 'combine'"),
        ({"color_map": "greys"}, TypeError, "no keyword 'color_map'"),
    ],
)
def test_bad_options(capture: Any, options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        capture.head_view(**options)


@pytest.mark.parametrize("heads", [[], [9]])
def test_bad_heads_of_a_model_view(capture: Any, heads: list[int]) -> None:
    with pytest.raises(ValueError, match="include_heads"):
        capture.model_view(include_heads=heads)


VIEWS = {
    "head": lambda capture, **options: capture.head_view(**options),
    "model": lambda capture, **options: capture.model_view(**options),
    "matrix": lambda capture, **options: capture.matrix_view(**options),
    "neuron": lambda capture, **options: capture.neuron_view(**options),
    "text": lambda capture, **options: capture.text_view(**options),
    "explorer": lambda capture, **options: capture.explorer(**options),
}


@pytest.mark.parametrize("kind", VIEWS)
def test_every_view_takes_a_selection_and_reading_aids(capture: Any, kind: str) -> None:
    aids = {"threshold": 0.1, "top_k": 2, "hide_special": True, "hide_sink": True, "merge_words": True}
    aids |= {"merge_segments": True, "open_segments": [1], "direction": "in", "search": "b", "theme": "dark"}
    view = VIEWS[kind](capture, layer=1, head=3, query="b", key=2, **aids)
    assert view.view == kind
    assert (view.layer, view.heads, view.query, view.key) == (1, [3], 1, 2)
    assert {name: getattr(view, name) for name in aids} == aids
    with pytest.raises(TypeError, match="did you mean 'threshold'"):
        VIEWS[kind](capture, treshold=0.1)


@pytest.mark.parametrize("kind", VIEWS)
def test_options_are_what_the_traits_are(capture: Any, kind: str) -> None:
    """Each option belongs to the selection or is a trait, and the page knows its default."""
    view = VIEWS[kind](capture)
    for name in set(KEYWORDS[kind]) - {*PLACE, "head", "follow"}:
        assert view.has_trait(name)
        assert view.trait_metadata(name, "sync")
        assert name in DEFAULTS
        default = view.trait_defaults(name)
        assert DEFAULTS[name] == ([] if name == "include_layers" else default)


def test_every_trait_of_the_contract_is_there(capture: Any) -> None:
    view, store = capture.explorer(), store_of(capture)
    for traits, widget in ((ViewTraits, view), (StoreTraits, store)):
        assert set(traits.__annotations__) <= set(widget.keys)


def test_views_differ_in_their_own_options(capture: Any) -> None:
    assert capture.matrix_view(scale="log", combine="mean").combine == "mean"
    assert (capture.matrix_view(pool="mean").pool, capture.matrix_view().pool) == ("mean", "max")
    with pytest.raises(ValueError, match="pool is 'min'; it can be 'max', 'mean'"):
        capture.matrix_view(pool="min")
    assert capture.text_view(color_map="greys").color_map == "greys"
    with pytest.raises(ValueError, match="color_map is 'jet'; it can be 'lagoon', 'greys', 'blues', 'heat', 'viridis'"):
        capture.matrix_view(color_map="jet")
    view = capture.explorer(tab="neurons", scale="sqrt", color_map="heat", include_heads=[1], detail=True)
    assert (view.tab, view.scale, view.color_map) == ("neurons", "sqrt", "heat")
    assert (view.include_heads, view.detail) == ([1], True)
    with pytest.raises(TypeError, match=r"explorer\(\) has no keyword 'tabs': did you mean 'tab'"):
        capture.explorer(tabs="text")
    with pytest.raises(
        ValueError, match="tab is 'neuron'; it can be 'heads', 'matrix', 'neurons', 'text': did you mean 'neurons'"
    ):
        capture.explorer(tab="neuron")


def test_aids_belong_to_a_view_and_weights_stay_exact(capture: Any) -> None:
    before = capture.weights(0).copy()
    one, two = capture.head_view(threshold=0.5, hide_sink=True, top_k=1), capture.head_view()
    np.testing.assert_array_equal(capture.weights(0), before)
    assert (one.threshold, two.threshold) == (0.5, None)


def test_aids_can_be_assigned(capture: Any) -> None:
    view = capture.head_view()
    view.threshold, view.top_k = 0.25, 3
    view.threshold = None
    assert (view.threshold, view.top_k) == (None, 3)
    for name, value in (("threshold", 1.5), ("top_k", 0), ("direction", "up")):
        with pytest.raises((ValueError, TraitError), match=name):
            setattr(view, name, value)
    assert (view.threshold, view.top_k, view.direction) == (None, 3, "out")


def test_numpy_numbers_are_valid_aids(capture: Any) -> None:
    view = capture.head_view(threshold=np.float32(0.25), top_k=np.int64(2), hide_sink=np.bool_(True))
    assert (view.threshold, view.top_k, view.hide_sink) == (0.25, 2, True)


def test_a_layer_that_a_view_does_not_include(capture: Any) -> None:
    view = capture.head_view(include_layers=[1, 2])
    with pytest.raises(ValueError, match="layer 0 is not among"):
        view.layer = 0
    assert view.layer == 1


def test_a_capture_displays_itself(capture: Any) -> None:
    data, _ = capture._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data


def test_a_view_says_what_it_shows(capture: Any) -> None:
    assert repr(capture.head_view(layer=2)) == "<head view of given weights, map 'self', layer 2>"
