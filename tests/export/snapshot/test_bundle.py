"""Snapshots in a notebook: within their limit, exact enough, and with a picture for hosts without JavaScript."""

import base64
import gzip
import json
import re
import warnings
import zlib
from pathlib import Path

import nbformat
import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from nbconvert import HTMLExporter, LatexExporter

import headscope as hs
from headscope.contract import SNAPSHOT_BYTES, SNAPSHOT_TYPE
from headscope.export.snapshot.bundle import snapshot_bundle, thinned
from headscope.wire.blocks import decode_blocks

KINDS = ("head", "model", "matrix", "neuron", "text", "explorer")
WIDGET_TYPE = "application/vnd.jupyter.widget-view+json"
HOSTILE = ("<script>alert(1)</script>", "]]>", '"', "\x00", "🙂", "注意", " \n", "")


@pytest.fixture(autouse=True)
def _usual_settings():
    yield
    hs.settings.snapshot_bytes = SNAPSHOT_BYTES


def capture_of(num_layers=3, num_heads=2, length=6, tokens=None, seed=0):
    random = np.random.default_rng(seed)
    weights = random.dirichlet(np.full(length, 0.3), (num_layers, num_heads, length)).astype(np.float32)
    return hs.from_attentions(list(weights), list(tokens or [f"t{n}" for n in range(length)]))


def view_of(capture, kind, **options):
    return getattr(capture, kind if kind == "explorer" else f"{kind}_view")(**options)


def notebook_of(*views):
    outputs = []
    for view in views:
        data, metadata = view._repr_mimebundle_()
        outputs.append(nbformat.v4.new_output("display_data", data, metadata=metadata))
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("capture", outputs=outputs)])


def in_file(data, metadata):
    """Return the bytes that an output's data and metadata add to a notebook file."""
    whole, bare = (
        nbformat.writes(
            nbformat.v4.new_notebook(
                cells=[
                    nbformat.v4.new_code_cell(
                        "", id="a", outputs=[nbformat.v4.new_output("display_data", given, metadata=more)]
                    )
                ]
            )
        ).encode()
        for given, more in ((data, metadata), ({}, {}))
    )
    return len(whole) - len(bare)


@pytest.mark.parametrize("kind", KINDS)
def test_a_snapshot_holds_state_weights_and_picture(kind):
    capture = capture_of()
    view = view_of(capture, kind, layer=1, heads=[1], query=2, threshold=0.1)
    data, metadata = view._repr_mimebundle_()
    assert WIDGET_TYPE in data
    snapshot = data[SNAPSHOT_TYPE]
    assert snapshot["view"] == kind
    assert {name: snapshot["state"][name] for name in ("layer", "heads", "query", "threshold")} == {
        "layer": 1,
        "heads": [1],
        "query": 2,
        "threshold": 0.1,
    }
    held = {part["layer"] for part in snapshot["parts"] if part["kind"] == "block"}
    assert held == {0, 1, 2}
    for part in snapshot["parts"]:
        for header, weights in decode_blocks(gzip.decompress(base64.b64decode(part["data"]))):
            exact = capture.maps["self"].block(part["layer"], part["heads"])
            assert (header["layer"], header["heads"]) == (part["layer"], part["heads"])
            np.testing.assert_allclose(weights, exact, rtol=2**-11, atol=2**-25)
    width, height, pixels = read_png(base64.b64decode(data["image/png"]))
    size = {"width": width // 2, "height": height // 2}
    assert size.items() <= metadata["image/png"].items()
    assert (pixels < 128).any()


def read_png(png):
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = (int.from_bytes(png[at : at + 4], "big") for at in (16, 20))
    raw, at = b"", 8
    while at < len(png):
        length, name = int.from_bytes(png[at : at + 4], "big"), png[at + 4 : at + 8]
        content = png[at + 8 : at + 8 + length]
        assert int.from_bytes(png[at + 8 + length : at + 12 + length], "big") == zlib.crc32(name + content)
        raw += content if name == b"IDAT" else b""
        at += 12 + length
    rows = np.frombuffer(zlib.decompress(raw), np.uint8).reshape(height, 1 + 3 * width)
    assert set(rows[:, 0]) <= {0, 2}
    return width, height, rows[:, 1:]


@hypothesis_settings(deadline=None, max_examples=40)
@given(
    kind=st.sampled_from(KINDS),
    length=st.integers(1, 150),
    shape=st.tuples(st.integers(1, 8), st.integers(1, 12)),
    limit=st.integers(0, 300_000),
    letters=st.integers(0, 40),
)
def test_a_snapshot_never_exceeds_the_limit(kind, length, shape, limit, letters):
    tokens = [f"{n}" + "ä" * letters for n in range(length)]
    data, metadata = snapshot_bundle(view_of(capture_of(*shape, length, tokens), kind), limit)
    assert in_file(data, metadata) <= limit or not data
    if limit > 250_000 and length < 20:
        assert SNAPSHOT_TYPE in data


def test_the_nearest_layers_are_kept_first():
    data, _ = snapshot_bundle(capture_of(9, 12, 64).head_view(layer=5), 400_000)
    layers = [part["layer"] for part in data[SNAPSHOT_TYPE]["parts"]]
    assert layers[0] == 5
    assert 1 < len(layers) < 9
    assert sorted(layers, key=lambda layer: abs(layer - 5)) == layers


def test_a_large_view_keeps_only_its_picture():
    data, _ = snapshot_bundle(capture_of(1, 12, 512).head_view(), 1_000_000)
    assert data[SNAPSHOT_TYPE]["parts"] == []
    assert data["image/png"]


def test_one_head_of_a_large_layer_is_kept():
    data, _ = snapshot_bundle(capture_of(1, 12, 512).head_view(heads=[3]), 1_000_000)
    assert [part["heads"] for part in data[SNAPSHOT_TYPE]["parts"]] == [[3]]


def test_a_large_grid_is_kept_in_fewer_bins():
    data, _ = snapshot_bundle(capture_of(12, 12, 70).model_view(), 400_000)
    part = data[SNAPSHOT_TYPE]["parts"][0]
    header, _ = next(decode_blocks(gzip.decompress(base64.b64decode(part["data"]))))
    assert (header["kind"], header["shape"]) == ("overview", [12, 32, 32])


def test_a_limit_of_zero_keeps_only_the_widget():
    hs.settings.snapshot_bytes = 0
    data, metadata = capture_of().head_view()._repr_mimebundle_()
    assert (set(data), metadata) == ({WIDGET_TYPE, "text/plain"}, {})


@pytest.mark.parametrize("value", [-1, True, 1.5, "1 MB", None])
def test_an_invalid_limit_is_refused(value):
    with pytest.raises(ValueError, match="takes a number of bytes, 0 to keep none"):
        hs.settings.snapshot_bytes = value


def test_hostile_tokens_are_drawn_and_stay_data():
    capture = capture_of(1, 2, len(HOSTILE), HOSTILE)
    for kind in KINDS:
        data, _ = view_of(capture, kind)._repr_mimebundle_()
        assert read_png(base64.b64decode(data["image/png"]))[0] > 100
        assert json.loads(json.dumps(data[SNAPSHOT_TYPE]))["maps"][0]["query_tokens"] == list(HOSTILE)


def test_missing_weights_and_layers_are_tolerated():
    weights = np.full((1, 2, 4, 4), np.nan, dtype=np.float32)
    data, _ = hs.from_attentions([weights[0]], list("abcd")).explorer()._repr_mimebundle_()
    assert data[SNAPSHOT_TYPE]["parts"]
    assert data["image/png"]


def test_a_failure_is_a_warning_and_the_widget_is_shown(monkeypatch):
    def broken(*_):
        raise RuntimeError("no ink")

    monkeypatch.setattr("headscope.export.snapshot.bundle.picture_of", broken)
    with pytest.warns(UserWarning, match="keeps no snapshot of this view: RuntimeError: no ink"):
        data, _ = capture_of().head_view()._repr_mimebundle_()
    assert WIDGET_TYPE in data


@pytest.mark.parametrize("exporter", [HTMLExporter, LatexExporter])
def test_nbconvert_shows_the_picture(exporter):
    views = [view_of(capture_of(tokens=HOSTILE[:6]), kind) for kind in KINDS]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        body, resources = exporter().from_notebook_node(notebook_of(*views))
    if exporter is HTMLExporter:
        assert len(re.findall(r'<img[^>]+src="data:image/png', body)) == len(KINDS)
        assert HOSTILE[0] not in body
    else:
        pictures = [content for name, content in resources["outputs"].items() if Path(name).suffix == ".png"]
        assert len(pictures) == body.count("\\adjustimage") == len(KINDS)
        assert all(read_png(picture)[1] > 100 for picture in pictures)


def test_keys_that_equal_the_queries_are_kept_once() -> None:
    square, cross = np.full((2, 4, 4), 0.25), np.full((2, 3, 4), 0.25)
    capture = hs.from_attentions(
        encoder_attentions=[square], cross_attentions=[cross], encoder_tokens=list("abcd"), decoder_tokens=list("xyz")
    )
    infos = {name: map_.info() for name, map_ in capture.maps.items()}
    assert set(infos["encoder"]) - set(thinned(infos["encoder"])) == {
        "key_tokens", "key_special", "key_words", "key_segments",
    }  # fmt: skip
    assert thinned(infos["cross"]) == infos["cross"]
    apart = {**infos["encoder"], "key_special": [1]}
    assert thinned(apart) == apart  # type: ignore[arg-type]
