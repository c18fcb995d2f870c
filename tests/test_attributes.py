"""Attributes that can be set: misspelt ones are refused, everything that traitlets and ipywidgets need works."""

from __future__ import annotations

import numpy as np
import pytest

import headscope as hs
from headscope.options import KEYWORDS, VALUES, VIEWS

WEIGHTS = np.full((1, 2, 3, 3), 1 / 3, dtype=np.float32)


@pytest.fixture
def capture():
    return hs.from_attentions([WEIGHTS, WEIGHTS], list("abc"))


def view_of(capture, kind):
    return getattr(capture, VIEWS[kind].call)()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("treshold", "the head view has no attribute 'treshold': did you mean 'threshold'?"),
        ("layr", "the head view has no attribute 'layr': did you mean 'layer'?"),
        ("head", "the head view has no attribute 'head': did you mean 'heads'?"),
        ("qqq", "the head view has no attribute 'qqq': it has map, layer, heads"),
        ("combine", "the head view has no option 'combine': it is for views of the kind"),
        ("tab", "the head view has no option 'tab': it is for views of the kind explorer."),
    ],
)
def test_a_misspelt_attribute_of_a_view(capture, name, message):
    view = capture.head_view()
    with pytest.raises(AttributeError) as raised:
        setattr(view, name, 1)
    assert str(raised.value).startswith(message)


@pytest.mark.parametrize("kind", list(VIEWS))
def test_each_view_takes_its_options_and_no_others(capture, kind):
    view = view_of(capture, kind)
    for option in VALUES:
        value = getattr(view, option.name)
        if option.name in KEYWORDS[kind]:
            setattr(view, option.name, value)
        else:
            with pytest.raises(AttributeError, match=option.name):
                setattr(view, option.name, value)


def test_what_widgets_set_works(capture):
    view = capture.head_view()
    view.layout.width = "50%"
    view.layout = {"width": "40%"}
    view.tooltip = "a view"
    view.tabbable = True
    view.add_class("mine")
    view._own = 1
    assert view._own == 1
    view.set_state({"threshold": 0.3, "scale": "log"})  # a page may set any trait
    assert (view.threshold, view.scale) == (0.3, "log")
    view.set_trait("threshold", 0.2)
    with view.hold_sync(), view.hold_trait_notifications():
        view.threshold = 0.1
    view.add_traits()
    assert view.threshold == 0.1
    view.close()


def test_a_misspelt_setting():
    with pytest.raises(AttributeError, match=r"hs.settings has no attribute 'snapshot_byte': did you mean 'snapshot_b"):
        hs.settings.snapshot_byte = 1
    assert not hasattr(hs.settings, "snapshot_byte")
    hs.settings.cache_bytes = hs.settings.cache_bytes


def test_a_misspelt_part_of_the_selection(capture):
    with pytest.raises(AttributeError, match="a selection has no attribute 'layr': did you mean 'layer'"):
        capture.selection.layr = 1
    with pytest.raises(AttributeError, match="it has heads, key, layer, map, pair, query"):
        capture.selection.zzz = 1
    capture.selection.layer = 1
    assert capture.head_view().layer == 1
