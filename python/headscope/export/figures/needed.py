"""Import the packages of the extra `figures`, or say how to install them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

INSTALL = "pip install 'headscope[figures]'"


def figure_package(name: str) -> Any:
    """Return a module of the extra `figures`.

    Raises
    ------
    ModuleNotFoundError
        It is not installed; the message says how to install it.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"figures without a browser need the package {name!r}, which is not installed: {INSTALL}", name=name
        ) from error


def can_draw() -> bool:
    """Return whether the packages of the extra `figures` are installed."""
    try:
        return all(figure_package(name) for name in ("py_mini_racer", "typst"))
    except ModuleNotFoundError:
        return False
