"""The view widgets: options, and one selection for all of them."""

from typing import Any

import numpy as np
import pytest

from headscope import from_attentions


@pytest.fixture
def capture() -> Any:
    layers = [np.full((heads, 3, 3), 1 / 3, dtype=np.float32) for heads in (2, 4, 2)]
    return from_attentions(layers, list("abc"))


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


def test_options_say_where_to_go(capture: Any) -> None:
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


def test_heads_that_this_layer_lacks_are_not_read(capture: Any) -> None:
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
        ({"layer": 3}, ValueError, "layer has 3, which is out of range.*0 to 2"),
        ({"layer": "x"}, ValueError, "whole numbers"),
        ({"heads": []}, ValueError, "heads is empty"),
        ({"heads": [4]}, ValueError, "heads has 4"),
        ({"include_layers": []}, ValueError, "include_layers is empty"),
        ({"include_layers": [0, 7]}, ValueError, "include_layers has 7"),
        ({"layer": 0, "include_layers": [1]}, ValueError, "layer 0 is not among include_layers"),
        ({"theme": "black"}, ValueError, "theme is 'black'"),
        ({"map": "cross"}, ValueError, "no attention map 'cross'"),
    ],
)
def test_bad_options(capture: Any, options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        capture.head_view(**options)


@pytest.mark.parametrize("heads", [[], [9]])
def test_bad_heads_of_a_model_view(capture: Any, heads: list[int]) -> None:
    with pytest.raises(ValueError, match="include_heads"):
        capture.model_view(include_heads=heads)


def test_a_layer_that_a_view_does_not_include(capture: Any) -> None:
    view = capture.head_view(include_layers=[1, 2])
    with pytest.raises(ValueError, match="layer 0 is not among"):
        view.layer = 0
    assert view.layer == 1


def test_a_capture_displays_itself(capture: Any) -> None:
    data, _ = capture._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data


def test_a_view_says_what_it_shows(capture: Any) -> None:
    assert repr(capture.head_view(layer=2)) == "<head view of attention, map 'self', layer 2>"
