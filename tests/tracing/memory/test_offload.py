"""Captures with queries and keys in a file."""

from __future__ import annotations

import gc
import resource
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import headscope as hs
from headscope.data.layers import pieces_of
from headscope.tracing.memory import offload
from headscope.tracing.memory.offload import Offload, folder_of, is_in_memory
from zoo.models import ZOO, Animal, build, inputs_of

INPUTS = {"input_ids": [[5, 6, 7, 8, 9, 10] * 4]}
linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux lists mapped files")


def mapped_from(folder):
    """Return the memory that is mapped from files in a folder, deleted ones included."""
    return [line for line in Path("/proc/self/maps").read_text().splitlines() if f" {folder}/" in line]


def tensors(capture):
    records = [record for map_ in capture.maps.values() for record in map_.records]
    pieces = [piece for record in records for piece in pieces_of(record)]
    found = [getattr(piece, name, None) for piece in pieces for name in ("query", "key", "array")]
    return [tensor for tensor in found if tensor is not None]


@pytest.mark.parametrize("animal", [pytest.param(one, id=one.kind) for one in ZOO])
def test_the_same_bits_and_weights(animal: Animal, tmp_path):
    model, inputs = build(animal), inputs_of(animal, batch=2)
    plain = hs.capture(model, inputs=inputs, batch_index=1)
    filed = hs.capture(model, inputs=inputs, batch_index=1, offload=tmp_path)
    for one, other in zip(tensors(plain), tensors(filed), strict=True):
        assert one.dtype == other.dtype
        assert torch.equal(one, other)
    assert filed.nbytes == plain.nbytes
    for name, map_ in plain.maps.items():
        np.testing.assert_array_equal(
            filed.weights(map_.num_layers - 1, map=name), plain.weights(-1 % map_.num_layers, map=name)
        )


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_the_same_bits_in_low_precision(new_tiny, dtype, tmp_path):
    model = new_tiny("llama").to(dtype)
    plain, filed = (hs.capture(model, inputs=INPUTS, offload=place) for place in (None, tmp_path))
    assert [tensor.dtype for tensor in tensors(filed)] == [dtype] * 6
    assert all(torch.equal(one, other) for one, other in zip(tensors(plain), tensors(filed), strict=True))


@linux
def test_the_file_lives_as_long_as_the_capture(tiny, tmp_path):
    capture = hs.capture(tiny("llama").model, inputs=INPUTS, offload=tmp_path)
    assert len(mapped_from(tmp_path)) == 3, "one part for each layer"
    assert list(tmp_path.iterdir()) == [], "the file has no name that could be left behind"
    kept = capture.maps["self"].records[1].query
    del capture
    gc.collect()
    assert len(mapped_from(tmp_path)) == 1, "what somebody holds stays"
    del kept
    gc.collect()
    assert mapped_from(tmp_path) == []


@linux
def test_layers_that_are_not_wanted_are_not_written(tiny, tmp_path):
    capture = hs.capture(tiny("llama").model, inputs=INPUTS, layers=[1], offload=tmp_path)
    assert capture.maps["self"].layers == (1,)
    assert len(mapped_from(tmp_path)) == 1


def test_an_offloaded_capture_is_saved_and_loaded(tiny, tmp_path):
    capture = hs.capture(tiny("llama").model, inputs=INPUTS, offload=tmp_path)
    again = hs.load(capture.save(tmp_path / "x.attn.safetensors"))
    np.testing.assert_array_equal(again.weights(1), capture.weights(1))


def test_generations_are_offloaded_too(smollm2, tmp_path):
    filed = hs.capture_generation(smollm2.model, smollm2.tokenizer, "The cat", max_new_tokens=3, offload=tmp_path)
    plain = hs.capture_generation(smollm2.model, smollm2.tokenizer, "The cat", max_new_tokens=3)
    np.testing.assert_array_equal(filed.weights(29), plain.weights(29))


SCRIPT = """
import sys
sys.path[:0] = sys.argv[2:]
import headscope as hs
from conftest import build_tiny
capture = hs.capture(build_tiny("llama"), inputs={"input_ids": [[5] * 24]}, offload=sys.argv[1])
print("captured", flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no such signal")
def test_a_killed_process_leaves_no_file(tmp_path):
    command = [sys.executable, "-c", SCRIPT, str(tmp_path), str(Path(__file__).parents[2]), *sys.path]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "captured\n"
        process.kill()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
@linux
def test_an_interrupted_pass_leaves_no_file(new_tiny, tmp_path, error):
    model, seen = new_tiny("llama"), []

    def fail(*_):
        seen.extend(mapped_from(tmp_path))
        raise error

    model.layers[2].register_forward_hook(fail)
    with pytest.raises(ValueError if error is RuntimeError else error) as caught:
        hs.capture(model, inputs=INPUTS, offload=tmp_path)
    assert len(seen) == 3, "three layers were written"
    assert caught.value.__traceback__ is not None
    assert mapped_from(tmp_path) == [], "though somebody holds the error, and all that was running with it"
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_reported(tiny, tmp_path):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (6000, before[1]))
    try:
        with pytest.raises(OSError, match=r"do not fit into .*offload=\"/path/to/folder\".*layers="):
            hs.capture(tiny("llama").model, inputs=INPUTS, offload=tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert hs.capture(tiny("llama").model, inputs=INPUTS, offload=tmp_path).maps["self"].num_layers == 3


def test_tensors_of_every_shape_are_restored(tmp_path):
    given = [torch.randn(4, 7, 8).transpose(1, 2), torch.empty(2, 0, 8), torch.arange(5, dtype=torch.int16)]
    with Offload(str(tmp_path)) as file:
        first, second = file.stored(given), file.stored([torch.empty(0)])
        third = file.stored([torch.ones(3, 3, dtype=torch.float64)])
    for one, other in zip(
        [*given, torch.empty(0), torch.ones(3, 3, dtype=torch.float64)], first + second + third, strict=True
    ):
        assert torch.equal(one, other)


@pytest.mark.parametrize("wrong", ["no-such-folder", "disc"])
def test_an_invalid_folder_is_refused(tiny, wrong):
    with pytest.raises(ValueError, match=rf'"disk" or a folder that exists, not \'{wrong}\''):
        hs.capture(tiny("llama").model, inputs=INPUTS, offload=wrong)


def test_a_value_that_is_not_a_path_is_refused(tiny):
    with pytest.raises(TypeError, match='offload must be "disk" or the path of a folder, not True'):
        hs.capture(tiny("llama").model, inputs=INPUTS, offload=True)


def test_file_systems_in_memory_are_recognised(tmp_path):
    mounts = tmp_path / "mounts"
    mounts.write_text("/dev/a / ext4 rw 0 0\ntmpfs /tmp tmpfs rw 0 0\n/dev/b /tmp/disk ext4 rw 0 0\n")
    assert is_in_memory("/tmp/some/where", mounts)
    assert not is_in_memory("/tmp/disk/here", mounts)
    assert not is_in_memory("/tmpother", mounts)
    assert not is_in_memory("/tmp", tmp_path / "there-is-none")


def test_the_folder_for_temporary_files_is_used_unless_it_is_in_memory(monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert folder_of("disk") == str(tmp_path)
    monkeypatch.setattr(offload, "SECOND_PLACE", "/")
    monkeypatch.setattr(offload, "is_in_memory", lambda folder: folder == str(tmp_path))
    monkeypatch.setattr("os.access", lambda *_: True)
    assert folder_of("disk") == "/"
    monkeypatch.setattr(offload, "is_in_memory", lambda _: True)
    with pytest.warns(UserWarning, match="are kept in memory"):
        assert folder_of("disk") == str(tmp_path)


@linux
def test_later_layers_take_no_more_memory(new_tiny, tmp_path):
    model, held = new_tiny("llama"), []

    def count(*_):
        tensors = [thing for thing in gc.get_objects() if type(thing) is torch.Tensor and thing.shape[-2:] == (24, 8)]
        own = {tensor.untyped_storage().data_ptr() for tensor in tensors}
        held.append(sum(not any(at <= place < end for at, end in files()) for place in own))

    def files():
        return [tuple(int(end, 16) for end in line.split()[0].split("-")) for line in mapped_from(tmp_path)]

    for layer in model.layers:
        layer.register_forward_hook(count)
    hs.capture(model, inputs=INPUTS, offload=tmp_path)
    filed = held.copy()
    held.clear()
    capture = hs.capture(model, inputs=INPUTS)
    assert capture.maps["self"].num_layers == 3
    assert filed[2] <= filed[0], "of what was written nothing is left"
    assert held[2] == held[0] + 8, "without a file queries, own keys and the cache's keys and values of two more layers"
