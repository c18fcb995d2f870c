"""Every public name of BertViz's modules exists in Headscope's, and those that transformers has are transformers'."""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
import transformers

from headscope.bertviz.transformers_neuron_view.names import NAMES

bertviz = pytest.importorskip("bertviz")

OURS = "headscope.bertviz.transformers_neuron_view"
MODULES = ["bertviz", *(found.name for found in pkgutil.walk_packages(bertviz.__path__, "bertviz."))]


def public_names(path: str) -> list[str]:
    """Return what one of BertViz's modules defines or takes from its neighbours, without its foreign imports."""
    found = vars(importlib.import_module(path))
    return [
        name
        for name, value in found.items()
        if not name.startswith("_")
        and not isinstance(value, ModuleType)
        and (not callable(value) if name.isupper() else _is_theirs(value))
    ]


def _is_theirs(value: Any) -> bool:
    return (getattr(value, "__module__", None) or "bertviz").startswith("bertviz")


@pytest.mark.parametrize("path", MODULES)
def test_every_public_name_exists(path: str) -> None:
    names = public_names(path)
    assert names
    ours = importlib.import_module(f"headscope.{path}")
    assert [name for name in names if not hasattr(ours, name)] == []
    assert [name for name in names if name not in dir(ours)] == []
    assert [name for name in names if name not in getattr(ours, "__all__", dir(ours))] == []


@pytest.mark.parametrize("path", MODULES)
def test_names_are_of_the_same_kind(path: str) -> None:
    theirs, ours = importlib.import_module(path), importlib.import_module(f"headscope.{path}")
    for name in public_names(path):
        expected, found = getattr(theirs, name), getattr(ours, name)
        assert callable(found) == callable(expected), name
        assert isinstance(found, type(expected)) or callable(expected), name
        if isinstance(expected, dict):
            assert found.keys() >= expected.keys(), name


def test_a_name_that_never_existed_is_no_attribute() -> None:
    for path in (OURS, f"{OURS}.modeling_bert"):
        with pytest.raises(AttributeError, match=f"'{path}' has no attribute 'LlamaModel'"):
            importlib.import_module(path).LlamaModel  # noqa: B018
    with pytest.raises(ImportError, match="LlamaModel"):
        exec(f"from {OURS} import LlamaModel")


def test_a_star_import_gives_every_name() -> None:
    names: dict[str, Any] = {}
    exec(f"from {OURS} import *", names)
    assert set(public_names("bertviz.transformers_neuron_view")) <= set(names)


@pytest.mark.parametrize("type_", ["Bert", "GPT2", "Roberta", "OpenAIGPT", "XLM", "XLNet"])
def test_classes_are_those_of_transformers(type_: str) -> None:
    ours = importlib.import_module(OURS)
    for part in ("Config", "Model", "Tokenizer"):
        assert getattr(ours, f"{type_}{part}") is getattr(transformers, f"{type_}{part}")


def test_most_classes_are_served() -> None:
    """Only what the installed transformers dropped is missing."""
    ours = importlib.import_module(OURS)
    missing = {name for name in ours.__all__ if type(getattr(ours, name)).__name__ == "Missing"}
    dropped = {name for name in missing if not hasattr(transformers, name)}
    assert missing == dropped
    assert not any(name.startswith(("Bert", "GPT2", "Roberta", "OpenAI", "XLM", "XLNet")) for name in missing)


@pytest.mark.parametrize(
    ("module", "name"), [(module, name) for module in NAMES for name in ("gelu", "swish") if name in NAMES[module]]
)
def test_activations_are_bertviz_own(module: str, name: str) -> None:
    values = torch.linspace(-4, 4, 41, dtype=torch.float64)
    theirs = getattr(importlib.import_module(f"bertviz.transformers_neuron_view.{module}"), name)
    ours = getattr(importlib.import_module(f"{OURS}.{module}"), name)
    torch.testing.assert_close(ours(values), theirs(values), atol=1e-12, rtol=0)


@pytest.mark.skipif(not transformers.__version__.startswith("5."), reason="older versions still have it")
def test_a_name_that_transformers_dropped_says_so_when_used() -> None:
    from headscope.bertviz.transformers_neuron_view import TransfoXLModel, load_tf_weights_in_bert

    assert not isinstance(3, TransfoXLModel)
    says = rf"transformers {transformers.__version__} has no {{}}, .*: pass it a model and a tokenizer"
    with pytest.raises(ImportError, match=says.format("TransfoXLModel")):
        TransfoXLModel.from_pretrained("transfo-xl-wt103")
    with pytest.raises(ImportError, match=says.format("TransfoXLModel")):
        TransfoXLModel()
    with pytest.raises(ImportError, match=says.format("load_tf_weights_in_bert")):
        load_tf_weights_in_bert(None, None, "model.ckpt")


def test_addresses_are_of_each_checkpoint() -> None:
    from headscope.bertviz.transformers_neuron_view import BERT_PRETRAINED_CONFIG_ARCHIVE_MAP

    found = BERT_PRETRAINED_CONFIG_ARCHIVE_MAP
    assert found["bert-base-uncased"] == "https://huggingface.co/bert-base-uncased/resolve/main/config.json"


def test_imports_load_neither_torch_nor_transformers() -> None:
    paths = [f"headscope.{path}" for path in MODULES]
    code = f"""
import importlib, sys
for path in {paths!r}:
    importlib.import_module(path)
print(sorted({{"torch", "transformers"}} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_it_says_what_to_install() -> None:
    code = f"""
import sys
sys.modules["transformers"] = None
try:
    from {OURS} import BertModel
except ImportError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == 'BertModel needs transformers: pip install "headscope[transformers]"'


def test_a_class_loads_a_checkpoint_and_saves_it(checkpoints: Path, tmp_path: Path) -> None:
    from headscope.bertviz.transformers_neuron_view import BertConfig, BertModel, BertTokenizer

    model = BertModel.from_pretrained(checkpoints / "bert-base-uncased", output_attentions=True)
    assert isinstance(model.config, BertConfig)
    model.save_pretrained(tmp_path)
    BertTokenizer.from_pretrained(checkpoints / "bert-base-uncased").save_pretrained(tmp_path)
    assert BertTokenizer.from_pretrained(tmp_path).tokenize("The cat slowly sat") == [
        "the",
        "cat",
        "slow",
        "##ly",
        "sat",
    ]
