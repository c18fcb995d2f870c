"""Progress bars, and interrupts while one is shown."""

from __future__ import annotations

import sys

import pytest
import tqdm.auto

import headscope as hs
from headscope.tracing import progress
from headscope.tracing.progress import Progress
from zoo.models import ZOO, Animal, build, inputs_of
from zoo.switches import everything

INPUTS = {"input_ids": [[5, 6, 7, 8, 9, 10] * 4]}


@pytest.fixture
def bars(monkeypatch):
    """The tqdm bars that were created."""
    made = []

    class Kept(tqdm.auto.tqdm):
        def __init__(self, *given, **options):
            made.append(self)
            super().__init__(*given, **options)

    monkeypatch.setattr(tqdm.auto, "tqdm", Kept)
    return made


def state(bar):
    return bar.desc.strip(": "), bar.n, bar.total, bar.unit


@pytest.mark.parametrize("animal", [pytest.param(one, id=one.kind) for one in ZOO])
def test_layers_are_counted_to_the_last(animal: Animal, bars):
    capture = hs.capture(build(animal), inputs=inputs_of(animal), progress=True)
    (bar,) = bars
    layers = sum(map_.num_layers for map_ in capture.maps.values())
    silent = len(capture.report().missing)
    assert state(bar) == ("capture", layers, layers + silent, "layer")
    assert bar.disable, "it is closed"


def test_chosen_layers_do_not_shorten_the_pass(tiny, bars):
    hs.capture(tiny("llama").model, inputs=INPUTS, layers=[0], progress=True)
    assert state(bars[0])[1:3] == (3, 3)


@pytest.mark.parametrize("shown", [None, False])
def test_short_captures_are_quiet(tiny, bars, shown, capsys):
    hs.capture(tiny("llama").model, inputs=INPUTS, progress=shown)
    assert bars == []
    assert capsys.readouterr() == ("", "")


def test_a_bar_appears_when_work_takes_long(tiny, bars, monkeypatch):
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    hs.capture(tiny("llama").model, inputs=INPUTS)
    assert state(bars[0]) == ("capture", 3, 3, "layer")
    assert not bars[0].leave, "nobody asked for it, so it goes at the end"


def test_a_late_bar_counts_from_the_start(bars):
    with Progress("work", 10, "step") as work:
        for _ in range(4):
            work.step()
        assert bars == []
        work._started -= 60
        work.step()
        (bar,) = bars
        assert bar.n == 5
        assert bar.format_dict["elapsed"] >= 60


def test_work_that_is_almost_finished_gets_no_bar(bars, monkeypatch):
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    with Progress("work", 1, "step") as work:
        work.step()
    assert bars == []


def test_there_is_no_bar_without_tqdm(tiny, monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    assert hs.capture(tiny("llama").model, inputs=INPUTS, progress=True).maps["self"].num_layers == 3


def test_saving_counts_tensors(tiny, bars, tmp_path):
    capture = hs.capture(tiny("llama").model, inputs=INPUTS)
    capture.save(tmp_path / "x.attn.safetensors", progress=True)
    (bar,) = bars
    assert bar.n == bar.total >= 6
    assert state(bar)[0] == "save"


@pytest.mark.parametrize("kind", ["llama", "falcon", "gptj", "swin", "t5"])
def test_an_interrupt_leaves_everything_as_it_was(kind, bars, tmp_path):
    animal = next(one for one in ZOO if one.kind == kind)
    model = build(animal).train()

    def interrupt(*_):
        raise KeyboardInterrupt

    attending = [module for name, module in model.named_modules() if "ttention" in type(module).__name__]
    hook = attending[len(attending) // 2].register_forward_hook(interrupt)
    before = everything(model)
    with pytest.raises(KeyboardInterrupt):
        hs.capture(model, inputs=inputs_of(animal), offload=tmp_path, progress=True)
    assert everything(model) == before
    assert bars[0].disable, "it is closed"
    assert list(tmp_path.iterdir()) == []
    hook.remove()
    assert hs.capture(model, inputs=inputs_of(animal)).maps, "the next one runs"


def test_an_interrupt_while_saving_keeps_the_existing_file(tiny, bars, tmp_path, monkeypatch):
    capture = hs.capture(tiny("llama").model, inputs=INPUTS)
    path = capture.save(tmp_path / "x.attn.safetensors")
    before, steps = path.read_bytes(), []

    def interrupt(_):
        steps.append(1)
        if len(steps) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(Progress, "step", interrupt)
    with pytest.raises(KeyboardInterrupt):
        capture.save(path, progress=True)
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == before
    assert bars[0].disable, "it is closed"
