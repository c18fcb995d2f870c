from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import numpy as np
import pypdf
import pytest

import headscope as hs
from headscope.api.capture_class import Capture
from headscope.export.figures import needed

TOKENS = ["[CLS]", "the", " cat", " saw", " the", " cat", "<&>", "\n"]
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def capture() -> Capture:
    rng = np.random.default_rng(0)
    q, k = (rng.normal(size=(2, 3, len(TOKENS), 8)).astype(np.float32) for _ in range(2))
    return hs.from_arrays(list(q), list(k), tokens=TOKENS, name="tiny", prettify=False)


def texts(svg: str) -> list[str]:
    """Return the texts of a figure, in the order of the file."""
    return ["".join(text.itertext()) for text in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def size(svg: str) -> tuple[float, float]:
    root = ElementTree.fromstring(svg)
    return float(root.attrib["width"]), float(root.attrib["height"])


def test_a_head_figure_says_what_it_shows(capture: Capture) -> None:
    found = texts(capture.figure("head", layer=1).svg)
    assert found[:4] == ["tiny, self-attention, layer 1, heads", "0", "1", "2"]
    assert {"query", "key", "attends to →", "[CLS]", "␣cat", "<&>", "⏎"} <= set(found)


def opacities(capture: Capture, head: int, **options: Any) -> list[float]:
    """Return the opacities of the lines of a head of layer 0, in ascending order."""
    root = ElementTree.fromstring(capture.figure("head", layer=0, **options).svg)
    (group,) = [each for each in root.iter(f"{SVG}g") if each.get("id") == f"head-{head}"]
    return sorted(float(path.get("stroke-opacity", "1")) for path in group.iter(f"{SVG}path"))


@pytest.mark.parametrize(
    ("scale", "strength"),
    [
        ("auto", lambda part: part),
        ("linear", lambda part: part),
        ("sqrt", np.sqrt),
        ("log", lambda part: np.maximum(0, 1 + np.log10(part) / 4)),
    ],
)
@pytest.mark.parametrize("gain", [None, 1, 2.5])
def test_lines_are_as_opaque_as_scale_and_gain_say(capture: Capture, scale: Any, strength: Any, gain: Any) -> None:
    weights = capture.weights(0, 1).ravel()
    strongest = weights.max() if gain is None else 1
    factor = opacities(capture, 1, heads=[1], scale=scale)[-1] if gain is None else gain
    expected = np.minimum(1, strength(weights / strongest) * factor)
    drawn = opacities(capture, 1, heads=[1], scale=scale, gain=gain)
    assert drawn == pytest.approx(np.sort(expected[expected >= 1 / 512]), abs=2e-3)
    assert factor > 0.5 or scale != "linear"


def test_a_gain_of_one_divides_by_the_number_of_heads(capture: Capture) -> None:
    both = opacities(capture, 1, heads=[1, 2], gain=1)
    assert both[-1] == pytest.approx(capture.weights(0, 1).max() / 2, abs=1e-3)
    assert max(opacities(capture, head, heads=[1, 2])[-1] for head in (1, 2)) > 1.5 * both[-1]


def test_the_legend_of_lines_names_scale_and_gain(capture: Capture) -> None:
    assert "linear, relative to the strongest" in texts(capture.figure("head").svg)
    assert "square root, \u00d74" in texts(capture.figure("head", scale="sqrt", gain=4).svg)


def test_heads_are_numbered_on_their_lines_and_over_their_strips(capture: Capture) -> None:
    all_heads, one, none = (
        texts(capture.figure("head", heads=heads, query=query).svg)
        for heads, query in (([0, 1, 2], 2), ([1], 2), ([0, 1, 2], None))
    )
    assert all_heads.count("1") == one.count("1") + 3  # in the title, over its strip, and on its line
    assert none.count("1") == one.count("1") + 2  # without a pinned token there are no strips


def sunk(tokens: int) -> Capture:
    """Return a causal capture whose first key is a sink, and whose other weights are at most 0.2."""
    weights = np.zeros((1, 2, tokens, tokens), dtype=np.float32)
    weights[:, :, :, 0] = 0.8
    weights[:, :, np.arange(tokens), np.arange(tokens)] = 0.2
    weights[:, :, 0, 0] = 1
    return hs.from_attentions(list(weights), [f"t{n}" for n in range(tokens)])


@pytest.mark.parametrize("view", ["matrix", "text"])
def test_long_texts_have_the_square_root_beside_sinks_unless_a_call_says_otherwise(view: Any) -> None:
    def legend(tokens: int, **options: Any) -> list[str]:
        return texts(sunk(tokens).figure(view, heads=[0], **options).svg)

    def says(found: list[str], words: str) -> bool:
        return any(words in text for text in found)

    long = legend(128)
    assert says(long, "square root scale, sinks beyond it")
    assert any(text.startswith("≥ ") for text in long)
    assert says(legend(127), "linear scale")
    assert not says(legend(127), "sinks beyond it")
    for scale, name in (("linear", "linear scale"), ("sqrt", "square root scale"), ("log", "log scale")):
        assert says(legend(128, scale=scale), name)
        assert not says(legend(128, scale=scale), "sinks beyond it")


def test_sinks_have_the_last_colour_of_the_scale() -> None:
    root = ElementTree.fromstring(sunk(130).figure("text", heads=[0], query=120).svg)
    fills = [rect.get("fill", "") for rect in root.iter(f"{SVG}rect")]
    shades = [fill for fill in fills if fill.startswith("rgb")]
    assert len(shades) == 2  # the sink, and the token itself with a quarter of its weight
    assert shades[0] == shades[1]


def test_a_repeated_token_is_named_with_its_position(capture: Capture) -> None:
    assert "query “␣cat” at position 5" in texts(capture.figure(layer=0, query=5).svg)
    assert "query “␣saw”" in texts(capture.figure(layer=0, query=3).svg)


def test_every_head_has_a_panel_in_subplots(capture: Capture) -> None:
    found = texts(capture.figure("head", heads=[0, 2], subplots=True).svg)
    assert [text for text in found if text.startswith("head ")] == ["head 0", "head 2"]
    assert found.count("query") == 2


@pytest.mark.parametrize(("width", "expected"), [(400, 400), ("8.5cm", 321.26), ("3in", 288), ("246pt", 328)])
def test_a_figure_has_the_width_that_is_asked_for(capture: Capture, width: float | str, expected: float) -> None:
    assert size(capture.figure(width=width).svg)[0] == pytest.approx(expected, abs=0.01)


def test_title_and_caption_can_be_given_or_left_out(capture: Capture) -> None:
    given = texts(capture.figure(title="Who looks at whom", caption="A caption of two words.", query=2).svg)
    assert given[0] == "Who looks at whom"
    assert given[-1] == "A caption of two words."
    bare = texts(capture.figure(title="", caption="", query=2).svg)
    assert bare[0] == "query"
    assert not [text for text in bare if text.startswith("query “")]


def test_saved_files_are_what_their_endings_say(capture: Capture, tmp_path: Path) -> None:
    figure = capture.figure("head", layer=1, width="8.5cm", dpi=300, query=2)
    assert figure.save(tmp_path / "a.svg").read_text(encoding="utf-8") == figure.svg
    png = figure.save(str(tmp_path / "a.PNG")).read_bytes()
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(png[16:20], "big") == pytest.approx(8.5 / 2.54 * 300, abs=1.5)
    pdf = pypdf.PdfReader(io.BytesIO(figure.save(tmp_path / "a.pdf").read_bytes()))
    assert float(pdf.pages[0].mediabox.width) == pytest.approx(8.5 / 2.54 * 72, abs=0.1)


def test_the_text_of_a_pdf_can_be_selected(capture: Capture) -> None:
    (page,) = pypdf.PdfReader(io.BytesIO(capture.figure(layer=1, heads=[1], query=2).pdf)).pages
    text = page.extract_text()
    for one in ("tiny, self-attention, layer 1, head 1", "[CLS]", "␣cat", "<&>", "attends to →"):
        assert one in text


def test_a_notebook_shows_a_figure(capture: Capture) -> None:
    figure = capture.figure()
    assert figure._repr_svg_() == figure.svg
    assert figure._repr_png_()[1:4] == b"PNG"
    assert repr(figure) == "<figure: head of tiny>"


def test_figures_do_not_depend_on_what_views_show(capture: Capture) -> None:
    before = capture.figure().svg
    capture.select(layer=1, heads=[2], query=3)
    try:
        assert capture.figure().svg == before
    finally:
        capture.select(layer=0, heads=None, query=None)


def test_a_dark_figure_has_a_dark_paper(capture: Capture) -> None:
    assert re.search(r'<rect [^>]*fill="#1e1e1e"', capture.figure(theme="dark").svg)


def test_a_capture_of_any_length_can_be_drawn() -> None:
    rng = np.random.default_rng(1)
    tokens = [f"t{position}" for position in range(700)]
    q, k = (rng.normal(size=(1, 2, 700, 4)).astype(np.float32) for _ in range(2))
    found = texts(hs.from_arrays(list(q), list(k), tokens=tokens, causal=True).figure(query=400).svg)
    assert "t400" in found
    assert [text for text in found if text.endswith("before")]


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ({"width": "8.5"}, ValueError, "'8cm'"),
        ({"width": 0}, ValueError, "above 0"),
        ({"width": [3]}, TypeError, "list"),
        ({"dpi": 0}, ValueError, "dpi"),
        ({"columns": 0}, ValueError, "columns"),
        ({"title": 3}, TypeError, "title"),
        ({"layr": 3}, TypeError, "layer"),
        ({"layer": 7}, ValueError, "layer"),
        ({"view": "heads"}, ValueError, "'head'"),
    ],
)
def test_wrong_arguments_are_named(
    capture: Capture, wrong: dict[str, object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        capture.figure(**wrong)  # type: ignore[arg-type]


def test_wrong_paths_are_named(capture: Capture, tmp_path: Path) -> None:
    figure = capture.figure()
    with pytest.raises(ValueError, match=r"'a.gif' ends in '.gif': a figure is saved as .svg, .pdf or .png"):
        figure.save(tmp_path / "a.gif")
    with pytest.raises(FileNotFoundError, match="create it first"):
        figure.save(tmp_path / "none" / "a.svg")
    with pytest.raises(TypeError, match="int"):
        figure.save(3)  # type: ignore[arg-type]


def test_positions_stand_beside_tokens_and_sentences_are_named() -> None:
    weights = [np.full((1, 8, 8), 1 / 8, dtype=np.float32)]
    found = texts(hs.from_attentions(weights, list("abcdefgh"), sentence_b_start=4).figure().svg)
    assert [text for text in found if text.isdigit()][:16] == [str(at) for at in range(8)] * 2
    assert found.count("Sentence A") == found.count("Sentence B") == 2


def test_thumbnails_are_what_the_option_says(capture: Capture) -> None:
    lines, heat = (capture.figure("model", thumbnails=kind).svg for kind in ("lines", "heat"))
    assert "image-rendering:pixelated" in heat
    assert "image-rendering:pixelated" not in lines


@pytest.mark.parametrize("view", ["head", "model", "matrix", "neuron", "text", "explorer"])
def test_every_view_is_drawn_on_light_and_on_dark_paper(capture: Capture, view: Any) -> None:
    light, dark = (capture.figure(view, layer=1, heads=[1], theme=theme).svg for theme in ("light", "dark"))
    assert texts(light) == texts(dark)
    assert light != dark
    if view != "model":
        assert "tiny, self-attention, layer 1, head 1" in texts(light)


def test_a_heat_map_has_a_cell_for_each_weight(capture: Capture) -> None:
    root = ElementTree.fromstring(capture.figure("matrix", layer=1, heads=[0]).svg)
    fills = [rect.get("fill") for rect in root.iter(f"{SVG}rect") if rect.get("width") == "27"]
    assert len(fills) == len(TOKENS) ** 2
    weights = capture.weights(1, 0)
    darkest = int(np.argmax(weights))
    assert fills.count(fills[darkest]) == 1


def test_masked_cells_have_a_ground_of_their_own() -> None:
    rng = np.random.default_rng(0)
    q, k = (rng.normal(size=(1, 1, 6, 4)).astype(np.float32) for _ in range(2))
    svg = hs.from_arrays(list(q), list(k), tokens=list("abcdef"), causal=True).figure("matrix").svg
    masked = [rect for rect in ElementTree.fromstring(svg).iter(f"{SVG}rect") if rect.get("fill-opacity") == "0.15"]
    assert len(masked) == 15 + 1
    assert "masked" in texts(svg)


def test_the_steps_of_a_neuron_figure_are_the_captured_numbers(capture: Capture) -> None:
    found = texts(capture.figure("neuron", layer=0, heads=[2], query=3).svg)
    for weight in capture.weights(0, 2)[3]:
        assert any(text in found for text in (f"{weight:.3g}", f"{weight:.3f}", f"{weight:.4f}"))
    assert "softmax" in found
    assert not [text for text in found if "Largest" in text]


def test_a_grid_has_a_picture_for_each_head(capture: Capture) -> None:
    root = ElementTree.fromstring(capture.figure("model", width=500).svg)
    assert len(list(root.iter(f"{SVG}image"))) == 2 * 3


def test_long_texts_are_drawn_in_every_view() -> None:
    rng = np.random.default_rng(1)
    q, k = (rng.normal(size=(1, 2, 600, 4)).astype(np.float32) for _ in range(2))
    long = hs.from_arrays(list(q), list(k), tokens=[f"t{at}" for at in range(600)], causal=True)
    for view in ("head", "model", "matrix", "neuron", "text"):
        assert len(long.figure(view, query=300).svg) > 1000


def test_a_view_is_saved_as_it_is_now_without_a_page(capture: Capture, tmp_path: Path) -> None:
    view = capture.head_view(layer=1, heads=[2])
    view.threshold = 0.2
    view.query = 3
    try:
        svg = view.save(tmp_path / "a.svg").read_text(encoding="utf-8")
        assert svg == capture.figure("head", layer=1, heads=[2], threshold=0.2, query=3).svg
        png = view.save(tmp_path / "a.png", scale=1).read_bytes()
        assert abs(int.from_bytes(png[16:20], "big") - size(svg)[0]) <= 1
        assert view.save(tmp_path / "a.pdf", title="A title").read_bytes()[:5] == b"%PDF-"
    finally:
        capture.select(layer=0, heads=None, query=None)


def test_a_missing_package_is_named_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr(needed, "import_module", missing)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'headscope\[figures\]'"):
        needed.figure_package("typst")
    assert not needed.can_draw()


def test_numbers_may_be_numpys_and_none_is_the_default(capture: Capture) -> None:
    plain = capture.figure(subplots=True, columns=2, width=500)
    numpys = capture.figure(subplots=np.bool_(True), columns=np.int64(2), width=np.float32(500), dpi=None)  # type: ignore[arg-type]
    assert numpys.svg == plain.svg
    assert numpys.png == plain.png


@pytest.mark.parametrize(
    ("view", "options", "message"),
    [
        ("head", {"subplots": [0, 1]}, "subplots is .0, 1.; it can be True or False"),
        ("model", {"subplots": True}, "the model view shows every head already"),
        ("head", {"trace": True, "query": 1}, r"a figure has no map of all heads: capture.trace\(\)"),
        ("head", {"title": "\ud800"}, "title has the character '.ud800'"),
        ("head", {"columns": 1.5}, "columns is 1.5; it takes a whole number"),
        (["head"], {}, "view is .'head'.; it can be 'explorer', 'head'"),
    ],
)
def test_what_a_figure_cannot_show_is_refused(
    capture: Capture, view: Any, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        capture.figure(view, **options)


@pytest.mark.parametrize(("what", "size"), [("token", 15), ("title", 13), ("caption", 11)])
@pytest.mark.parametrize(("letter", "wide"), [("a", 0.6), ("\u6ce8", 1)])
def test_a_text_without_spaces_is_broken_into_lines(what: str, size: int, letter: str, wide: float) -> None:
    long = letter * 300
    capture = hs.from_attentions([np.full((1, 2, 2), 0.5, dtype=np.float32)], [long if what == "token" else "x", "y"])
    svg = capture.figure("text", width=400, **({} if what == "token" else {what: long})).svg
    parts = [text for text in texts(svg) if text.strip(letter) == ""]
    assert "".join(parts) == long
    assert max(map(len, parts)) * wide * size <= float(ElementTree.fromstring(svg).attrib["viewBox"].split()[2])
