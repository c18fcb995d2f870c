"""Look up a name of BertViz's copies of models and tokenizers in the installed transformers."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from headscope.bertviz.transformers_neuron_view.checkpoints import made
from headscope.bertviz.transformers_neuron_view.missing import missing
from headscope.bertviz.transformers_neuron_view.names import NAMES, TOP

KINDS = ("modeling", "configuration", "tokenization")

SHARED = (
    "transformers",
    "transformers.activations",
    "transformers.pytorch_utils",
    "transformers.tokenization_utils_base",
    "transformers.convert_slow_tokenizer",
    "transformers.utils",
)
"""Where transformers keeps what belongs to no model."""

LAYER_NORM = "torch.nn:LayerNorm"
SILU = "torch.nn.functional:silu"
TANH_GELU = "transformers.activations:gelu_new"
XLM = "transformers.models.xlm.modeling_xlm"

RENAMED: dict[str, dict[str, str]] = {
    "modeling_bert": {"BertLayerNorm": LAYER_NORM, "swish": SILU},
    "modeling_gpt2": {"LayerNorm": LAYER_NORM}
    | {name: f"transformers.models.gpt2.modeling_gpt2:GPT2{name}" for name in ("Attention", "MLP", "Block")}
    | {"SequenceSummary": "transformers.models.gpt2.modeling_gpt2:GPT2SequenceSummary"},
    "modeling_openai": {
        "LayerNorm": LAYER_NORM,
        "swish": SILU,
        "SequenceSummary": "transformers.models.openai.modeling_openai:OpenAIGPTSequenceSummary",
    },
    "modeling_roberta": {
        "BertLayerNorm": LAYER_NORM,
        "BertEmbeddings": "transformers.models.bert.modeling_bert:BertEmbeddings",
    },
    "modeling_transfo_xl": {"LayerNorm": LAYER_NORM},
    "modeling_utils": {
        name: f"{XLM}:XLM{name}"
        for name in ("SequenceSummary", "SQuADHead", "PoolerStartLogits", "PoolerEndLogits", "PoolerAnswerClass")
    },
    "modeling_xlm": {name: f"{XLM}:XLM{name}" for name in ("SequenceSummary", "SQuADHead")},
    "modeling_xlnet": {"XLNetLayerNorm": LAYER_NORM, "swish": SILU}
    | {
        name: f"transformers.models.xlnet.modeling_xlnet:XLNet{name}"
        for name in ("SequenceSummary", "PoolerStartLogits", "PoolerEndLogits", "PoolerAnswerClass")
    },
}
"""What has another name today, as `module:name`."""

MOVED = {
    "get_pairs": ("transformers.models.xlm.tokenization_xlm",),
    "whitespace_tokenize": ("transformers.models.prophetnet.tokenization_prophetnet",),
}
"""Modules that hold the same function as the module where BertViz has it."""


class Served(NamedTuple):
    """What a module needs in order to serve names: its `__all__`, `__getattr__` and `__dir__`."""

    all: list[str]
    getattr: Callable[[str], Any]
    dir: Callable[[], list[str]]


def served(path: str) -> Served:
    """Return what a module needs in order to serve the names that BertViz's module has.

    Parameters
    ----------
    path
        The module's `__name__`, which ends as that of BertViz's module does.
    """
    module = path.rpartition(".")[2]
    names = NAMES[module]

    def get(name: str) -> Any:
        if name not in names:
            raise AttributeError(f"module {path!r} has no attribute {name!r}")
        return find(module, name)

    return Served(names, get, lambda: names)


def served_by_all(path: str) -> Served:
    """Return the same for the package, whose names are spread over its modules; the modules are attributes too."""
    homes = {name: next(module for module, names in NAMES.items() if name in names) for name in TOP}

    def get(name: str) -> Any:
        if name in NAMES:
            return importlib.import_module(f"{path}.{name}")
        if name not in homes:
            raise AttributeError(f"module {path!r} has no attribute {name!r}")
        return find(homes[name], name)

    return Served(TOP, get, lambda: [*TOP, *NAMES])


def find(module: str, name: str) -> Any:
    """Return what transformers has for a name of one of BertViz's modules.

    Parameters
    ----------
    module
        The name of the module, such as `modeling_bert`.
    name
        One of `NAMES[module]`.

    Returns
    -------
    object
        The class, function or value. If the installed transformers has none, a class whose use raises ImportError.

    Raises
    ------
    ImportError
        transformers is missing.
    """
    try:
        importlib.import_module("transformers")
    except ImportError as error:
        raise ImportError(f'{name} needs transformers: pip install "headscope[transformers]"') from error
    value = made(module, name)
    if value is not None:
        return value
    for place in _places(module, name):
        path, _, attribute = place.partition(":")
        try:
            return getattr(importlib.import_module(path), attribute)
        except (ImportError, AttributeError):
            continue
    return missing(name)


def _places(module: str, name: str) -> Iterator[str]:
    """Yield where transformers may have a name, as `module:name`, the likeliest first."""
    if name in RENAMED.get(module, {}):
        yield RENAMED[module][name]
    if name == "gelu" and module in ("modeling_gpt2", "modeling_openai", "modeling_xlnet"):
        yield TANH_GELU
    type_ = module.partition("_")[2]
    for kind in KINDS:
        yield f"transformers.models.{type_}.{kind}_{type_}:{name}"
        yield f"transformers.models.deprecated.{type_}.{kind}_{type_}:{name}"
    for path in (*MOVED.get(name, ()), *SHARED):
        yield f"{path}:{name}"
