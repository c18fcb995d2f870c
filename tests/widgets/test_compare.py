from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pypdf
import pytest

import headscope as hs
from headscope.contract import SNAPSHOT_TYPE
from headscope.widgets.compare import Comparison


@pytest.fixture
def captures() -> list[Any]:
    rng = np.random.default_rng(0)
    names = ("first model", "second model")
    vectors = [[rng.normal(size=(2, 2, 4, 8)).astype(np.float32) for _ in range(2)] for _ in names]
    return [
        hs.from_arrays(list(q), list(k), tokens=list("abcd"), name=name)
        for name, (q, k) in zip(names, vectors, strict=True)
    ]


def test_captures_are_opened_side_by_side(captures: list[Any]) -> None:
    found = hs.compare(*captures, view="matrix", layer=1)
    assert [(view.view, view.layer) for view in found.views] == [("matrix", 1), ("matrix", 1)]
    assert repr(found) == "<2 views side by side: first model, second model>"


def test_views_are_taken_as_they_are(captures: list[Any]) -> None:
    views = captures[0].head_view(layer=1), captures[1].text_view()
    assert hs.compare(*views).views == views


def test_a_comparison_is_one_figure_with_a_title_for_each_view(captures: list[Any], tmp_path: Path) -> None:
    found = hs.compare(*captures, heads=[1])
    svg = found.save(tmp_path / "a.svg").read_text(encoding="utf-8")
    for name in ("first model", "second model"):
        assert f"{name}, self-attention, layer 0, head 1" in re.sub(r"<[^>]*>\s*(<[^>]*>\s*)*", " ", svg)
    (page,) = pypdf.PdfReader(io.BytesIO(found.save(tmp_path / "a.pdf", title="Two models").read_bytes())).pages
    assert page.extract_text().startswith("Two models")
    assert found.save(tmp_path / "a.png", width="16cm").read_bytes()[1:4] == b"PNG"


def test_a_comparison_is_one_page(captures: list[Any], tmp_path: Path) -> None:
    html = hs.compare(*captures, layer=1).save(tmp_path / "a.html", caption="A & B").read_text(encoding="utf-8")
    infos = [json.loads(text) for text in re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', html)]
    assert [(info["name"], info["link"], info["layer"]) for info in infos] == [
        ("first model", "1.", 1),
        ("second model", "2.", 1),
    ]
    assert len(re.findall(r"headscope\.mount\(", html)) == 2
    assert '<h1 class="hs-page-title">first model and second model</h1>' in html
    assert '<p class="hs-page-caption">A &amp; B</p>' in html


def test_a_saved_notebook_keeps_every_view_and_a_picture(captures: list[Any]) -> None:
    data, _metadata = hs.compare(*captures)._repr_mimebundle_()
    assert [panel["name"] for panel in data[SNAPSHOT_TYPE]["panels"]] == ["first model", "second model"]
    assert all(panel["parts"] for panel in data[SNAPSHOT_TYPE]["panels"])
    assert data["image/png"]


@pytest.mark.parametrize(
    ("count", "options", "error", "message"),
    [
        (1, {}, ValueError, "two views or captures or more, not 1"),
        (2, {"layer": 9}, ValueError, "layer"),
        (2, {"layr": 1}, TypeError, "layer"),
    ],
)
def test_wrong_arguments_are_named(
    captures: list[Any], count: int, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        hs.compare(*captures[:count], **options)


def test_other_things_are_refused(captures: list[Any]) -> None:
    with pytest.raises(TypeError, match="views and captures, not str"):
        hs.compare(captures[0], "second")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"one by one, not in a list: compare\(\*list\)"):
        hs.compare(captures)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="options are for captures"):
        hs.compare(captures[0].head_view(), captures[1].head_view(), layer=1)
    with pytest.raises(ValueError, match=r"saved as .html, .svg, .pdf or .png"):
        Comparison([captures[0].head_view()]).save("a.gif")


@pytest.mark.parametrize("ending", [".html", ".svg", ".png"])
@pytest.mark.parametrize(
    "wrong", [{"widht": 300}, {"width": "wide"}, {"dpi": "high"}, {"title": 5}, {"caption": "\ud800"}, {"columns": 0}]
)
def test_wrong_values_are_refused_in_every_format(
    captures: list[Any], ending: str, wrong: dict[str, Any], tmp_path: Path
) -> None:
    place = tmp_path / f"pair{ending}"
    with pytest.raises((TypeError, ValueError), match=next(iter(wrong))):
        hs.compare(*captures).save(place, **wrong)
    if "columns" not in wrong:
        with pytest.raises((TypeError, ValueError), match=next(iter(wrong))):
            captures[0].head_view().save(place, **wrong)
    assert not place.exists()
