"""Names that transformers no longer has: they can be imported, and say so when they are used."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any, NoReturn


class Missing(type):
    """The class of such names: each is a class, so that `isinstance` and annotations work, and can do nothing else."""

    def __call__(cls, *_arguments: Any, **_keywords: Any) -> NoReturn:
        """Raise ImportError instead of making an instance or calling a function."""
        raise ImportError(_message(cls.__name__))

    def __getattr__(cls, name: str) -> NoReturn:
        """Raise ImportError instead of returning a method, such as `from_pretrained`."""
        if name.startswith("_"):
            raise AttributeError(name)
        raise ImportError(_message(cls.__name__))


def missing(name: str) -> type:
    """Return a class of this name whose use raises ImportError."""
    return Missing(name, (), {"__doc__": _message(name)})


def _message(name: str) -> str:
    return (
        f"transformers {version('transformers')} has no {name}, which BertViz's copy of an older version had. "
        "The neuron view needs none of the old classes: pass it a model and a tokenizer from transformers."
    )
