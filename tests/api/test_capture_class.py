"""What users read when a capture does not have what they name."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest
import torch

import headscope as hs

WEIGHTS = np.full((1, 2, 3, 3), 1 / 3, dtype=np.float32)


@pytest.fixture
def capture():
    return hs.from_attentions([WEIGHTS, WEIGHTS], list("abc"))


def test_a_map_that_there_is_not(capture):
    with pytest.raises(KeyError, match="there is no attention map 'cross': this capture has 'self'"):
        capture.maps["cross"]
    assert capture.maps.get("cross") is None
    assert "cross" not in capture.maps
    assert list(capture.maps) == ["self"]


def test_a_file_that_there_is_not(tmp_path, capture):
    with pytest.raises(FileNotFoundError, match=r"^there is no file 'none.attn.safetensors' in .*: capture.save"):
        hs.load("none.attn.safetensors")
    with pytest.raises(IsADirectoryError, match=r"is a folder: .*; it holds no file NAME.attn.safetensors"):
        hs.load(tmp_path)
    capture.save(tmp_path / "one.attn.safetensors")
    with pytest.raises(IsADirectoryError, match=r"is a folder: .*; it holds 'one.attn.safetensors'"):
        hs.load(str(tmp_path))


@pytest.mark.parametrize(
    ("tab", "near"), [("neuron", "neurons"), ("neuron_view", "neurons"), ("head", "heads"), ("texts", "text")]
)
def test_a_tab_by_the_name_of_a_method(capture, tab, near):
    with pytest.raises(ValueError, match=f"did you mean '{near}'"):
        capture.explorer(tab=tab)


def test_segments_are_merged_only_where_there_are_some(capture):
    with pytest.raises(ValueError, match="merge_segments is True, but the 'self' map has no segments: pass segments="):
        capture.head_view(merge_segments=True)
    assert capture.head_view(merge_segments=False).merge_segments is False
    given = hs.from_attentions([WEIGHTS], list("abc"), segments=[("one", 0, 2), ("two", 2, 3)])
    assert given.head_view(merge_segments=True).merge_segments


def test_segments_are_read_by_name():
    given = hs.from_attentions([WEIGHTS], list("abc"), segments=[("two", 2, 3), ("one", 0, 2)])
    assert given.segments.queries == given.segments.keys == (("one", 0, 2), ("two", 2, 3))
    names = [segment.name for segment in given.segments.keys]
    weights = given.segment_weights(0, 0)
    assert weights[names.index("two"), names.index("one")] == pytest.approx(2 / 3)
    assert given.segments == given.maps["self"].segments
    assert hs.from_attentions([WEIGHTS]).segments == ((), ())


class Own(torch.nn.Module):
    def forward(self, ids):
        return ids


def test_a_module_of_ones_own_that_cannot_generate():
    with pytest.raises(
        ValueError, match=r"Own can't generate: it is no model of transformers .*hs\.capture\(model, inp"
    ):
        hs.capture_generation(Own(), inputs=[[1, 2, 3]])


def test_the_package_lists_what_users_call():
    code = "import headscope as hs; print(dir(hs) == sorted(hs.__all__), *[n for n in dir(hs) if hasattr(hs, n)])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert found[0] == "True"
    assert not {"annotations", "version", "PackageNotFoundError", "api"} & set(found)


def test_copies_leave_the_widgets_behind_that_show_a_capture():
    capture = hs.from_attentions([np.full((2, 3, 3), 1 / 3, dtype=np.float32)], list("abc"))
    capture.head_view(layer=0)
    capture.note(0, 1, "a name")
    for copied in (pickle.loads(pickle.dumps(capture)), copy.deepcopy(capture)):
        assert np.array_equal(copied.weights(0, 1), capture.weights(0, 1))
        copied.head_view(heads=[1])
        copied.note(0, 0, "another")
        assert (len(copied.notes), len(capture.notes)) == (2, 1)
