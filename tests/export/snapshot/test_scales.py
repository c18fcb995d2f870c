from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import headscope as hs
from headscope.export.snapshot.scales import end_of, line_opacities, scale_of, scaled

PARTS = np.array([0, 0.0001, 0.01, 0.25, 1], dtype=np.float32)


def view(tokens: int, kind: str = "matrix_view", **options: Any) -> Any:
    weights = np.full((1, 2, tokens, tokens), 1 / tokens, dtype=np.float32)
    return getattr(hs.from_attentions(list(weights), [f"t{n}" for n in range(tokens)]), kind)(**options)


@pytest.mark.parametrize(
    ("tokens", "options", "colours", "lines"),
    [
        (127, {}, ("linear", False), ("linear", False)),
        (128, {}, ("sqrt", True), ("linear", True)),
        (128, {"scale": "linear"}, ("linear", False), ("linear", False)),
        (8, {"scale": "log"}, ("log", False), ("log", False)),
    ],
)
def test_scales_are_those_of_the_views(tokens: int, options: Any, colours: Any, lines: Any) -> None:
    shown = view(tokens, **options)
    assert scale_of(shown, shown.shown_map) == colours
    assert scale_of(shown, shown.shown_map, lines=True) == lines


def test_places_on_scales() -> None:
    np.testing.assert_allclose(scaled(PARTS, "linear"), PARTS)
    np.testing.assert_allclose(scaled(PARTS, "sqrt"), np.sqrt(PARTS))
    np.testing.assert_allclose(scaled(PARTS, "log"), [0, 0, 0.5, 1 + np.log10(0.25) / 4, 1], atol=1e-6)


def test_a_scale_ends_beside_sinks_if_it_shall() -> None:
    heads = np.array([[[1, 0, 0], [0.8, 0.2, 0], [0.7, 0.1, 0.2]]], dtype=np.float32)
    assert end_of(heads, heads, None) == 1
    assert end_of(heads, heads, 0.3) == pytest.approx(0.2)
    assert end_of(np.zeros_like(heads), heads, 0.3) == 1


def test_opacities_of_lines() -> None:
    weights = np.array([[[0.1, 0.05]], [[0.02, 0]]], dtype=np.float32)
    few = line_opacities(weights, "linear", None, 0.1, ink=100)
    np.testing.assert_allclose(few, weights / 0.1)
    np.testing.assert_allclose(line_opacities(weights, "linear", 1, 0.1, ink=100), weights / 2)
    many = line_opacities(weights, "linear", None, 0.1, ink=1)
    assert many.sum() == pytest.approx(0.4)
    assert (line_opacities(weights, "linear", None, 0.1, ink=0) >= weights / 2).all()
