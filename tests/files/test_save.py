"""`capture.save(path)`: the written bytes, the path, and how an existing file is replaced."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

import headscope as hs
from headscope.data.layers import Record
from headscope.wire.blocks import root_codes


@pytest.fixture
def capture() -> hs.Capture:
    return hs.from_attentions([np.float32([[[1, 0], [0.5, 0.5]]])], ["a", "b"], prettify=False, name="tiny")


def test_every_byte_of_a_small_file(capture, tmp_path, monkeypatch):
    monkeypatch.setattr("headscope.files.save.own_version", lambda: "1.2.3")
    raw = capture.save(tmp_path / "x.attn.safetensors").read_bytes()
    description = (
        '{"name":"tiny","headscope":"1.2.3","report":{"model":"tiny","maps":[{"name":"self","tier":null,'
        '"num_layers":1,"num_heads":[1],"num_kv_heads":[],"precision":"","modules":[]}],"missing":{},"notes":[]},'
        '"generation":null,"maps":[{"name":"self","label":"Self","num_layers":1,"num_heads":[1],'
        '"query_tokens":["a","b"],"key_tokens":["a","b"],"query_special":[],"key_special":[],"query_words":null,'
        '"key_words":null,"sentence_b_start":null,"no_vectors":["These weights were given without the queries and '
        'keys that they come from. hs.capture(model, tokenizer, text) keeps both."],"query_grid":null,'
        '"key_grid":null,"records":[{"kind":"weights","num_heads":1,"weights":"self.0.weights","module":"",'
        '"overview":null}]}],"candidates":null}'
    )
    header = (
        '{"__metadata__":{"format":"headscope","version":"1","capture":'
        + json.dumps(description)
        + '},"self.0.weights":{"dtype":"F32","shape":[1,2,2],"data_offsets":[0,16]}}'
    ).encode()
    header += b" " * (-len(header) % 8)
    assert raw == len(header).to_bytes(8, "little") + header + np.float32([1, 0, 0.5, 0.5]).tobytes()


@pytest.mark.parametrize(
    ("name", "better"),
    [
        ("cat", "cat.attn.safetensors"),
        ("cat.safetensors", "cat.attn.safetensors"),
        ("cat.attn", "cat.attn.safetensors"),
        ("cat.pt", "cat.attn.safetensors"),
        (".attn.safetensors", "capture.attn.safetensors"),
    ],
)
def test_another_ending_is_refused(capture, tmp_path, name, better):
    with pytest.raises(ValueError, match=f"save the capture as {better!r}"):
        capture.save(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_invalid_paths_are_refused(capture, tmp_path):
    with pytest.raises(TypeError, match="a str or a Path, not int"):
        capture.save(3)
    with pytest.raises(FileNotFoundError, match=r"the folder .*missing.* does not exist: create it first"):
        capture.save(tmp_path / "missing" / "x.attn.safetensors")


def test_a_relative_path_starts_at_the_working_directory(capture, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert capture.save("x.attn.safetensors") == tmp_path / "x.attn.safetensors"


class WithoutArray(Record):
    """A record class from elsewhere, whose weights can't be computed."""

    nbytes = num_queries = num_keys = 0
    num_heads = 3

    def __init__(self, size: int, value: float | None = None) -> None:
        self.num_queries = self.num_keys = size
        self.value = value

    def weights(self, heads: Any, queries: slice, keys: slice) -> Any:
        if self.value is None:
            raise RuntimeError("the device is gone")
        return np.full((len(heads), queries.stop - queries.start, keys.stop - keys.start), self.value, np.float32)


def test_an_existing_file_stays_until_the_new_one_is_complete(capture, tmp_path):
    path = capture.save(tmp_path / "x.attn.safetensors")
    before = path.read_bytes()
    broken = hs.Capture([hs.AttentionMap("self", [WithoutArray(2)], ["a", "b"], ["a", "b"])])
    with pytest.raises(RuntimeError, match="the device is gone"):
        broken.save(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_records_of_other_classes_are_saved_as_weights(tmp_path):
    own = hs.Capture([hs.AttentionMap("self", [WithoutArray(2, 0.5)], ["a", "b"], ["a", "b"])])
    again = hs.load(own.save(tmp_path / "x.attn.safetensors"))
    assert again.weights(0).tolist() == np.full((3, 2, 2), 0.5).tolist()


def test_saving_over_the_file_that_a_capture_was_loaded_from(capture, tmp_path):
    path = capture.save(tmp_path / "x.attn.safetensors")
    loaded = hs.load(path)
    hs.from_attentions([np.float32([[[0.25]]])], ["c"]).save(path)
    assert loaded.weights(0, 0).tolist() == [[1, 0], [0.5, 0.5]]
    assert loaded.save(path) == path
    assert hs.load(path).weights(0, 0).tolist() == [[1, 0], [0.5, 0.5]]


def test_a_symbolic_link_is_kept(capture, tmp_path):
    (tmp_path / "real").mkdir()
    link = tmp_path / "x.attn.safetensors"
    link.symlink_to(tmp_path / "real" / "y.attn.safetensors")
    capture.save(link)
    assert link.is_symlink()
    assert hs.load(tmp_path / "real" / "y.attn.safetensors").weights(0, 0, 0, 0) == 1


def test_shared_tensors_are_saved_once(tiny, tmp_path):
    ids = torch.arange(3, 15)[None]
    t5 = hs.capture(tiny("t5").model, inputs={"input_ids": ids, "decoder_input_ids": ids[:, :5]})
    names = set(load_file(t5.save(tmp_path / "x.attn.safetensors")))
    assert {name for name in names if "biases" in name or "visible" in name} == {
        *(f"{map_}.0.biases.0.{part}" for map_ in ("encoder", "decoder") for part in ("table", "query_at")),
        *(f"decoder.0.visible.{part}" for part in ("start", "stop")),
    }


def test_overviews_come_first_and_each_layer_is_contiguous(tiny, tmp_path, take_apart):
    model = tiny("gpt_oss", max_position_embeddings=128).model
    capture = hs.capture(model, inputs={"input_ids": torch.ones(1, 70).long()})
    path = capture.save(tmp_path / "x.attn.safetensors")
    entries = type(take_apart("causal")).of(path).header
    order = sorted((entry for entry in entries if entry != "__metadata__"), key=lambda n: entries[n]["data_offsets"])
    order = [name for name in order if not name.startswith("padding.")]
    assert order[:3] == [f"self.{layer}.overview" for layer in range(3)]
    assert [name.split(".")[1] for name in order[3:]] == sorted(name.split(".")[1] for name in order[3:])
    overviews = load_file(path)
    for layer in range(3):
        wanted = root_codes(capture.maps["self"].overview(layer))
        np.testing.assert_array_equal(overviews[f"self.{layer}.overview"], wanted)


def test_saving_holds_one_layer_in_memory(tmp_path):
    size, layers = 512, 12
    weights = [np.full((2, size, size), 1 / size, np.float32) for _ in range(layers)]
    capture = hs.from_attentions(weights, [str(n) for n in range(size)])
    tracemalloc.start()
    path = capture.save(tmp_path / "x.attn.safetensors")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert path.stat().st_size > layers * weights[0].nbytes
    assert most < 6 * weights[0].nbytes, "several layers were in memory at once"


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32])
def test_numbers_keep_their_type(new_tiny, tmp_path, dtype, assert_equal):
    capture = hs.capture(new_tiny("llama").to(dtype), inputs={"input_ids": torch.arange(3, 13)[None]})
    again = hs.load(capture.save(tmp_path / "x.attn.safetensors"))
    assert again.nbytes == capture.nbytes
    assert_equal(capture, again)
    assert {record.query.dtype for record in again.maps["self"].records} == {dtype}


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "int64", "bool", ">f4", ">f2"])
def test_arrays_of_every_type(tmp_path, dtype, assert_equal):
    given = np.random.default_rng(0).random((1, 2, 3, 3)).round(0 if dtype in ("int64", "bool") else 9).astype(dtype)
    capture = hs.from_attentions(given, ["a", "b", "c"])
    assert_equal(capture, hs.load(capture.save(tmp_path / "x.attn.safetensors")))


def test_numbers_beyond_float32_are_missing_in_both(tmp_path):
    given = np.array([[[[1e300, 0.5], [np.nan, -np.inf]]]])
    capture = hs.from_attentions(given, ["a", "b"])
    again = hs.load(capture.save(tmp_path / "x.attn.safetensors"))
    assert np.isnan(again.weights(0, 0)).tolist() == [[True, False], [True, True]]


def test_tensors_that_are_views_of_a_larger_storage(tmp_path, assert_equal):
    whole = torch.rand(2, 3, 5, 5, requires_grad=True).softmax(-1)
    views = [whole[:, 1:, ::2, ::2], whole.transpose(2, 3)[:, :2, 1:4, 1:4]]
    capture = hs.from_attentions(views, ["a", "b", "c"], batch_index=1)
    assert_equal(capture, hs.load(capture.save(tmp_path / "x.attn.safetensors")))
    arrays = hs.from_attentions([view.detach().numpy() for view in views], ["a", "b", "c"], batch_index=1)
    assert_equal(capture, hs.load(arrays.save(tmp_path / "y.attn.safetensors")))


def test_the_file_has_the_usual_permissions(capture, tmp_path):
    plain = tmp_path / "plain"
    plain.write_bytes(b"")
    path = capture.save(tmp_path / "x.attn.safetensors")
    assert Path(path).stat().st_mode == plain.stat().st_mode
