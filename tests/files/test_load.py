"""`hs.load(path)` returns the saved capture and reads the file on demand."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import headscope as hs
from headscope.data.arrays import ArrayRecord
from headscope.tracing.qk.masks import causal
from headscope.tracing.qk.record import QKRecord
from headscope.tracing.qk.tensors import Rules
from zoo.models import ZOO, build, inputs_of

GOLDEN = Path(__file__).parents[1] / "golden"


def ids(length: int = 12) -> torch.Tensor:
    return torch.randint(3, 99, (1, length), generator=torch.Generator().manual_seed(5))


@pytest.fixture
def saved(tmp_path) -> Any:
    """Return a function that saves a capture and loads it again."""
    return lambda capture: hs.load(capture.save(tmp_path / "x.attn.safetensors"))


@pytest.mark.parametrize("kind", ["bert", "gpt2", "mistral", "gemma2", "gpt_oss", "t5", "bart"])
def test_captures_of_models(tiny, kind, saved, assert_equal):
    inputs = {"input_ids": ids()} | ({"decoder_input_ids": ids(5)} if kind in ("t5", "bart") else {})
    capture = hs.capture(tiny(kind).model, inputs=inputs)
    assert_equal(capture, saved(capture))


UNUSUAL = ["swin", "swinv2", "whisper", "wav2vec2", "clip", "qwen2_vl", "deepseek_v32", "llama4_text", "mpt", "xlnet"]


@pytest.mark.parametrize("animal", [animal for animal in ZOO if animal.kind in UNUSUAL], ids=lambda animal: animal.kind)
def test_captures_of_unusual_models(animal, saved, assert_equal):
    """Windows, sounds, two towers, several images, keys selected by their scores, chunks, weights without vectors."""
    capture = hs.capture(build(animal), inputs=inputs_of(animal, batch=2), batch_index=1)
    assert_equal(capture, saved(capture))


def test_a_padded_row_of_a_batch_with_padding_kept(tiny, saved, assert_equal):
    mask = torch.ones(2, 12, dtype=torch.long)
    mask[0, 8:] = 0
    batch = {"input_ids": ids().expand(2, -1), "attention_mask": mask}
    capture = hs.capture(tiny("bert").model, inputs=batch, keep_padding=True)
    assert_equal(capture, saved(capture))


def test_a_pair_of_sentences(minilm, saved, assert_equal):
    capture = hs.capture(minilm.model, minilm.tokenizer, "The cat sat on the mat", "The cat lay on the rug")
    again = saved(capture)
    assert_equal(capture, again)
    assert again.maps["self"].sentence_b_start == 8


def test_a_generated_text(tiny, saved, assert_equal):
    model = tiny("bart").model
    capture = hs.capture_generation(model, inputs={"input_ids": ids()}, max_new_tokens=4, do_sample=False)
    again = saved(capture)
    assert_equal(capture, again)
    assert again.generation.steps[-1] is not None
    assert again.logits.ids.dtype == np.int64


def test_layers_that_were_left_out(tiny, saved, assert_equal):
    capture = hs.capture(tiny("llama").model, inputs={"input_ids": ids()}, layers=[0, 2])
    again = saved(capture)
    assert_equal(capture, again)
    assert again.maps["self"].layers == (0, 2)
    with pytest.raises(ValueError, match="layer 1 was left out"):
        again.weights(1)


def test_heads_that_differ_and_other_keys_than_queries(saved, assert_equal):
    layers = [np.random.default_rng(heads).random((heads, 5, 70)) for heads in (3, 1, 2)]
    keys = [f"k{position}" for position in range(70)]
    capture = hs.from_attentions(layers, list("abcde"), key_tokens=keys, name="given")
    assert_equal(capture, saved(capture))


def test_a_loaded_capture_behaves_like_any_other(tiny, saved):
    capture = hs.capture(tiny("gpt2").model, inputs={"input_ids": ids()})
    again = saved(capture)
    again.select(layer=2, head=1, query=3)
    assert (again.selection.layer, again.selection.heads, again.selection.query) == (2, [1], 3)
    view = again.explorer(layer=1)
    assert (view.layer, view.store.layer) == (1, 2)
    assert view.store.get_state()["block"] == _shown(capture, layer=2)
    first = saved(capture).explorer(layer=1)
    assert (first.layer, first.store.layer) == (1, 0)
    assert first.store.get_state()["block"] == _shown(capture, layer=1)
    assert again.to("cpu") is again
    np.testing.assert_array_equal(again.weights(2, 1), capture.weights(2, 1))
    assert again.to_frame(0, 0).equals(capture.to_frame(0, 0))


def _shown(capture: hs.Capture, layer: int) -> bytes:
    capture.select(layer=layer)
    return capture.explorer().store.get_state()["block"]


def test_numbers_are_read_on_demand(tmp_path):
    layer = np.full((4, 1024, 1024), 1 / 1024, np.float32)
    path = hs.from_attentions([layer] * 2, ["x"] * 1024).save(tmp_path / "x.attn.safetensors")
    size = path.stat().st_size
    loaded = hs.load(path)
    assert size > layer.nbytes
    assert resident(path) < 1 << 20
    assert loaded.weights(1, 2).sum() == pytest.approx(1024)
    assert layer.nbytes // 4 <= resident(path) < size // 2


@pytest.fixture
def long_file(tmp_path) -> Path:
    """A file with 2 layers, 8 heads, 4,096 tokens and 32 dimensions: 8 MiB of queries and keys per layer."""
    size = 4096
    generator = torch.Generator().manual_seed(0)
    visible = causal(size, size, torch.device("cpu"))
    records = [
        QKRecord(*torch.randn(2, 8, size, 32, generator=generator), Rules(32**-0.5, visible=visible)) for _ in range(2)
    ]
    names = [f"t{n}" for n in range(size)]
    capture = hs.Capture([hs.AttentionMap("self", records, names, names)], "long")
    return capture.save(tmp_path / "long.attn.safetensors", progress=False)


def test_excerpts_and_tiles_of_a_long_file_read_only_their_head(long_file):
    map_, one_head = hs.load(long_file).maps["self"], 2 * 4096 * 32 * 4
    before = resident(long_file)
    exact = map_.block(1, 3, slice(3840, 4096))[0]
    np.testing.assert_allclose(map_.tile(1, 3, 0, 15, 2)[0], exact[:, 512:768], rtol=0, atol=1e-6)
    groups = [[0, 1], [1, 3000], [3000, 3001, 4000, 4096]]
    found = map_.excerpt(1, 3, [[3840, 3841], [3841, 4096]], groups)[0]
    sums = np.stack([exact[:, :1].sum(1), exact[:, 1:3000].sum(1), exact[:, [3000, *range(4000, 4096)]].sum(1)], 1)
    np.testing.assert_allclose(found, [sums[0], sums[1:].mean(0)], rtol=0, atol=1e-5)
    top = map_.tile(1, 3, 4, 0, 0, "mean")[0]
    np.testing.assert_allclose(top[-16:], exact.reshape(16, 16, 256, 16).mean((1, 3)), rtol=0, atol=1e-6)
    overview = map_.overview(1, 3)[0]
    np.testing.assert_allclose(overview[-4:], exact.reshape(4, 64, 64, 64).max((1, 3)), rtol=0, atol=1e-6)
    # The system may read adjacent pages of the file too.
    assert one_head // 2 < resident(long_file) - before < 4 * one_head


def of_process(name: str) -> list[str]:
    """Return the lines of a file in /proc/self about the memory of this process."""
    place = Path("/proc/self") / name
    if not place.exists():
        pytest.skip("only Linux lists mapped files")
    return place.read_text().splitlines()


def resident(path: Path) -> int:
    """Return the bytes of a mapped file that this process has read."""
    parts = iter(of_process("smaps"))
    found = [next(line for line in parts if line.startswith("Rss:")) for line in parts if line.endswith(str(path))]
    assert found, "the file is not mapped"
    return sum(int(line.split()[1]) for line in found) * 1024


def test_queries_and_keys_share_the_mapped_memory(tiny, tmp_path):
    path = hs.capture(tiny("llama").model, inputs={"input_ids": ids()}).save(tmp_path / "x.attn.safetensors")
    loaded = hs.load(path)
    lines = [line for line in of_process("maps") if line.endswith(str(path))]
    [(first, last)] = [[int(at, 16) for at in line.split()[0].split("-")] for line in lines]
    for record in loaded.maps["self"].records:
        assert first < record.query.data_ptr() < record.key.data_ptr() < last


def test_loaded_layers_share_tensors_again(tiny, saved):
    capture = hs.capture(tiny("mistral").model, inputs={"input_ids": ids()})
    rules = [record.rules for record in saved(capture).maps["self"].records]
    assert all(each.visible is rules[0].visible for each in rules)


def run(code: str) -> str:
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


WITHOUT = """
import sys
for name in {names!r}:
    sys.modules[name] = None  # an import of it fails
import headscope as hs
"""


@pytest.mark.parametrize("name", ["given", "weights", "pieces-of-weights"])
def test_weights_need_no_torch(name, tmp_path):
    path, copy = GOLDEN / f"{name}.attn.safetensors", tmp_path / "x.attn.safetensors"
    code = f"""
from headscope.files import save as saving
saving.own_version = lambda: "0+unknown"
print(repr(hs.load({str(path)!r}).save({str(copy)!r})))
"""
    run(WITHOUT.format(names=["torch", "transformers"]) + code)
    assert copy.read_bytes() == path.read_bytes()


def test_queries_and_keys_need_only_torch():
    path = str(GOLDEN / "causal.attn.safetensors")
    code = f"""
try:
    hs.load({path!r})
except ImportError as error:
    print(error)
"""
    advice = "and torch computes weights from them: pip install torch"
    assert run(WITHOUT.format(names=["torch"]) + code) == f"{path!r} holds queries and keys, {advice}"
    found = run(WITHOUT.format(names=["transformers"]) + f"print(hs.load({path!r}).weights(0, 0, 0, 0))")
    assert found == "1.0"


def test_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        hs.load(tmp_path / "x.attn.safetensors")


def test_a_renamed_copy(tmp_path):
    copy = tmp_path / "anything"
    copy.write_bytes((GOLDEN / "given.attn.safetensors").read_bytes())
    assert isinstance(hs.load(str(copy)).maps["self"].records[0], ArrayRecord)
