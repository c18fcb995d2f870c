"""Golden files hold the weights that the models themselves compute. Tests of the page's reader use the same files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file

import headscope as hs
from headscope.files import save as saving

GOLDEN = Path(__file__).parents[1] / "golden"
NAMES = sorted(path.name.split(".")[0] for path in GOLDEN.glob("*.attn.safetensors"))
TOLERANCE = 1e-5
GOLDEN_VERSION = "0+unknown"
"""The version recorded in golden files; it is constant, so that a new version of the package does not change them."""


def path_of(name: str) -> Path:
    return GOLDEN / f"{name}.attn.safetensors"


@pytest.mark.parametrize("name", NAMES)
def test_weights(name):
    capture, expected = hs.load(path_of(name)), load_file(GOLDEN / f"{name}.expected.safetensors")
    kept = {f"{map_.name}.{layer}" for map_ in capture.maps.values() for layer in map_.layers}
    assert kept == set(expected)
    for place, weights in expected.items():
        map_, layer = place.rsplit(".", 1)
        np.testing.assert_allclose(capture.weights(int(layer), map=map_), weights, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("name", sorted(path.name.split(".")[0] for path in GOLDEN.glob("*.pooled.safetensors")))
def test_excerpts_and_tiles(name):
    capture, path = hs.load(path_of(name)), GOLDEN / f"{name}.pooled.safetensors"
    with safe_open(path, "np") as file:
        wanted = {number: json.loads(request) for number, request in file.metadata().items()}
        expected = {number: file.get_tensor(number) for number in wanted}
    assert wanted
    for number, request in wanted.items():
        kind, map_ = request.pop("kind"), capture.maps[request.pop("map")]
        if request.pop("without_sink", False):
            request["without"] = [0]
        found = (map_.tile if kind == "tile" else map_.excerpt)(heads=None, **request)
        np.testing.assert_allclose(found, expected[number], rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("name", NAMES)
def test_saving_again_gives_the_same_file(name, tmp_path, monkeypatch):
    monkeypatch.setattr(saving, "own_version", lambda: GOLDEN_VERSION)
    again = hs.load(path_of(name)).save(tmp_path / "again.attn.safetensors")
    assert again.read_bytes() == path_of(name).read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_the_safetensors_library_reads_every_file(name, take_apart):
    header = take_apart(name).header
    with safe_open(path_of(name), "pt") as file:
        assert file.metadata()["format"] == "headscope"
        assert set(file.keys()) == set(header) - {"__metadata__"}
        for tensor in file.keys():  # noqa: SIM118
            assert list(file.get_slice(tensor).get_shape()) == header[tensor]["shape"]
            assert file.get_tensor(tensor).numel() == np.prod(header[tensor]["shape"])


@pytest.mark.parametrize("name", NAMES)
def test_every_tensor_begins_at_a_multiple_of_8(name, take_apart):
    file = take_apart(name)
    start = len(path_of(name).read_bytes()) - len(file.data)
    tensors = {name: entry for name, entry in file.header.items() if not name.startswith(("__", "padding."))}
    assert all((start + entry["data_offsets"][0]) % 8 == 0 for entry in tensors.values())


def test_the_files_hold_every_kind_of_record():
    text = "".join(json.dumps(json.loads(_description(name))) for name in NAMES)
    for kind in ("vectors", "weights", "pieces", "missing", "distance", "table"):
        assert f'"kind": "{kind}"' in text
    for part in ("sinks", "softcap", "shown", "exceptions", "overview", "candidates", "generation", "query_grid"):
        assert f'"{part}": null' in text
        assert any(_holds(json.loads(_description(name)), part) for name in NAMES), part


def _description(name: str) -> str:
    with safe_open(path_of(name), "pt") as file:
        return str(file.metadata()["capture"])


def _holds(value: object, field: str) -> bool:
    if isinstance(value, dict):
        return value.get(field) is not None or any(_holds(part, field) for part in value.values())
    return isinstance(value, list) and any(_holds(part, field) for part in value)


def test_overviews_are_those_of_the_map():
    capture = hs.load(path_of("overviews"))
    with safe_open(path_of("overviews"), "np") as file:
        overview = file.get_tensor("self.0.overview")
    assert overview.dtype == np.uint8
    roots = np.sqrt(capture.maps["self"].overview(0))
    np.testing.assert_allclose(overview / 254, roots, rtol=0, atol=0.51 / 254)


def test_tokens_keep_their_text():
    tokens = hs.load(path_of("pair")).maps["self"].query_tokens
    assert {"<script>alert(1)</script>", "&amp;", "Ä🐈", "[PAD]"} <= set(tokens)
