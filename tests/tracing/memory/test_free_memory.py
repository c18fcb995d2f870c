"""Free memory, and captures that are refused before the pass."""

from __future__ import annotations

import errno
import os
import shutil
from types import SimpleNamespace

import pytest
import torch

import headscope as hs
from headscope.tracing.memory import free_memory as room
from headscope.tracing.memory.free_memory import free_host_memory, free_memory
from zoo.models import ZOO, build, inputs_of

INPUTS = {"input_ids": [[5] * 24]}
LLAMA = 3 * (4 + 2) * 24 * 8 * 4
"""The bytes of the tiny Llama's queries and keys: layers, heads and KV heads, tokens, dimensions, float32."""


def with_files(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


MEMINFO = {"proc/meminfo": "MemTotal:       4000 kB\nMemAvailable:   3000 kB\n"}


def test_the_machine(tmp_path):
    assert free_host_memory(with_files(tmp_path, MEMINFO)) == 3000 * 1024


def test_the_nearest_and_the_narrowest_group_of_version_2(tmp_path):
    groups = {
        "proc/self/cgroup": "0::/user/one\n",
        "sys/fs/cgroup/user/one/memory.max": "max\n",
        "sys/fs/cgroup/user/one/memory.current": "700000\n",
        "sys/fs/cgroup/user/memory.max": "1000000\n",
        "sys/fs/cgroup/user/memory.current": "900000\n",
        "sys/fs/cgroup/user/memory.stat": "anon 1\ninactive_file 50000\n",
    }
    assert free_host_memory(with_files(tmp_path, MEMINFO | groups)) == 150_000


def test_a_container_sees_its_group_at_the_top(tmp_path):
    groups = {
        "proc/self/cgroup": "0::/docker/abc\n",
        "sys/fs/cgroup/memory.max": "500000\n",
        "sys/fs/cgroup/memory.current": "600000\n",
    }
    assert free_host_memory(with_files(tmp_path, MEMINFO | groups)) == 0


def test_groups_of_version_1(tmp_path):
    place = "sys/fs/cgroup/memory/box/memory."
    groups = {
        "proc/self/cgroup": "5:cpu,cpuacct:/box\n4:memory:/box\n",
        f"{place}limit_in_bytes": "2000000\n",
        f"{place}usage_in_bytes": "1500000\n",
        f"{place}stat": "inactive_file 1\ntotal_inactive_file 100000\n",
        "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
        "sys/fs/cgroup/memory/memory.usage_in_bytes": "5\n",
    }
    assert free_host_memory(with_files(tmp_path, MEMINFO | groups)) == 600_000


def test_total_memory_is_the_limit_if_free_memory_is_unknown(tmp_path):
    assert free_host_memory(tmp_path) == os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def test_free_memory_of_other_devices_is_unknown():
    assert free_memory(torch.device("meta")) is None


def test_this_machine_has_free_memory():
    free = free_memory(torch.device("cpu"))
    assert free is not None
    assert 0 < free <= os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


@pytest.fixture
def free(monkeypatch):
    """Return a function that sets the free memory."""
    return lambda nbytes: monkeypatch.setattr(room, "free_host_memory", lambda: nbytes)


@pytest.fixture
def runs(new_tiny):
    """A model, and a list with an entry per pass."""
    model, seen = new_tiny("llama"), []
    model.register_forward_pre_hook(lambda *_: seen.append(1))
    return model, seen


def test_a_capture_that_would_not_fit_is_refused_before_the_pass(runs, free):
    model, seen = runs
    free(LLAMA)
    with pytest.raises(MemoryError) as error:
        hs.capture(model, inputs=INPUTS)
    assert str(error.value) == (
        "this capture would hold 13.8 kB of queries and keys, 3 layers of 24 tokens, but only 13.8 kB of memory is "
        'free: keep at most 2 of them with layers=[...], or keep them in a file with offload="disk".'
    )
    assert not seen


def test_the_advice_of_the_error_works(runs, free):
    model, seen = runs
    free(LLAMA)
    assert hs.capture(model, inputs=INPUTS, layers=[0, 2]).maps["self"].layers == (0, 2)
    assert hs.capture(model, inputs=INPUTS, offload="disk").maps["self"].layers == (0, 1, 2)
    assert len(seen) == 2


def test_the_error_offers_only_the_file_if_no_layer_fits(runs, free):
    free(LLAMA // 3)
    with pytest.raises(MemoryError, match='is free: keep them in a file with offload="disk"'):
        hs.capture(runs[0], inputs=INPUTS)


def test_unknown_free_memory_refuses_nothing(runs, free):
    free(None)
    assert hs.capture(runs[0], inputs=INPUTS).nbytes > LLAMA


def test_the_error_about_weights_says_what_helps(free):
    animal = next(one for one in ZOO if one.kind == "gptj")
    free(1000)
    with pytest.raises(MemoryError, match=r'9\.4 kB of weights, 3 layers of 14 tokens.*offload="disk"'):
        hs.capture(build(animal), inputs=inputs_of(animal))


def test_a_small_disk_is_refused_before_the_pass(runs, monkeypatch, tmp_path):
    model, seen = runs
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=LLAMA - 1))
    with pytest.raises(OSError, match=r"13\.8 kB of queries and keys do not fit into .* 13\.8 kB is free") as error:
        hs.capture(model, inputs=INPUTS, offload=tmp_path)
    assert error.value.errno == errno.ENOSPC
    assert not seen


def test_a_generation_is_checked_too(smollm2, free):
    free(1000)
    with pytest.raises(MemoryError, match="30 layers of"):
        hs.capture_generation(smollm2.model, smollm2.tokenizer, "The cat", max_new_tokens=2)
