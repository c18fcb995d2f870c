"""The model classes of each model type."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from typing import Any

from transformers import CONFIG_MAPPING, PreTrainedModel

MODELS = "transformers.models"


def types() -> list[str]:
    """Return the name of every model type that transformers knows."""
    return sorted(CONFIG_MAPPING.keys())


def classes_of(kind: str) -> list[Any]:
    """Return every model class whose config is that of this type, the base model first."""
    config = CONFIG_MAPPING[kind]
    found: dict[str, Any] = {}
    folder = importlib.import_module(config.__module__.rpartition(".")[0])
    for part in pkgutil.iter_modules(folder.__path__):
        if part.name.startswith("modeling_"):
            try:
                module = importlib.import_module(f"{folder.__name__}.{part.name}")
            except ImportError:
                continue
            for name, one in vars(module).items():
                if inspect.isclass(one) and one.__module__ == module.__name__ and _serves(one, config):
                    found[name] = one
    return sorted(found.values(), key=lambda one: (not one.__name__.endswith("Model"), one.__name__))


def _serves(one: Any, config: Any) -> bool:
    """Return whether a class is a model with this config and a forward method of its own."""
    if (
        not issubclass(one, PreTrainedModel)
        or one.config_class is not config
        or one.__name__.endswith("PreTrainedModel")
    ):
        return False
    return any("forward" in vars(base) for base in one.__mro__ if base.__module__.startswith(MODELS))
