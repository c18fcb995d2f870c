"""The import rules of the Python package. Every import counts, including those for types and inside functions."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "python" / "headscope"

ORDER = (
    {"contract", "plain_errors", "ranges", "writing"},
    {"attributes"},
    {"contract_messages"},
    {"option_kinds"},
    {"options"},
    {"keywords", "view_keywords"},
    {"text"},
    {"data"},
    {"wire"},
    {"tracing"},
    {"sources"},
    {"analysis"},
    {"files", "export"},
    {"widgets"},
    {"api"},
    {"bertviz", "__init__"},
)
"""The folders and modules of the package, by layer. Each may import itself and earlier layers, but no neighbour."""

HEAVY = {"torch", "transformers"}
KNOW_TORCH = {"tracing", "analysis", "bertviz"}
"""The folders that may import torch and transformers; BertViz's modules do so inside functions."""

Graph = dict[str, set[str]]


def module_of(path: Path, package: Path) -> str:
    """Return a file's module name without the package: `data.capture`, or `data` for a folder's `__init__.py`."""
    parts = path.relative_to(package).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


def imported(path: Path) -> Iterator[str]:
    """Yield the full name of everything that a file imports, at any place in the file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def graph_of(package: Path) -> Graph:
    """Return the imported modules of the same package for each of its modules."""
    files = {module_of(path, package): path for path in sorted(package.rglob("*.py"))}
    return {name: {found for each in imported(path) if (found := _module(each, files))} for name, path in files.items()}


def _module(name: str, known: dict[str, Path]) -> str | None:
    """Return the module that an imported name is or belongs to; None if it is from another package."""
    if name.split(".")[0] != "headscope":
        return None
    inside = name.removeprefix("headscope").removeprefix(".")
    return next((module for module in (inside, inside.rpartition(".")[0]) if module in known), "__init__")


def circle_in(graph: Graph) -> list[str]:
    """Return the modules of an import cycle, with the first one repeated at the end; empty if there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def place(module: str) -> int:
    """Return the index of a module's folder in `ORDER`."""
    top = module.split(".")[0]
    return next(number for number, names in enumerate(ORDER) if top in names)


def wrong_ways(graph: Graph) -> list[tuple[str, str]]:
    """Return the imports of a later layer or of a neighbour."""
    return [
        (module, other)
        for module, others in sorted(graph.items())
        for other in sorted(others)
        if module.split(".")[0] != other.split(".")[0] and place(other) >= place(module)
    ]


def heavy_imports(package: Path) -> list[tuple[str, str]]:
    """Return the imports of torch and transformers in modules that must not import them."""
    return [
        (module_of(path, package), name)
        for path in sorted(package.rglob("*.py"))
        if path.relative_to(package).parts[0] not in KNOW_TORCH
        for name in sorted(set(imported(path)))
        if name.split(".")[0] in HEAVY
    ]


def test_no_circle() -> None:
    graph = graph_of(PACKAGE)
    assert len(graph) > 50
    assert circle_in(graph) == []


def test_imports_point_inwards() -> None:
    assert wrong_ways(graph_of(PACKAGE)) == []


def test_only_tracing_and_analysis_know_torch() -> None:
    assert heavy_imports(PACKAGE) == []


def test_every_kind_of_import_is_found(tree: Callable[[dict[str, str]], Path]) -> None:
    package = tree(
        {
            "__init__.py": "from headscope.api import capture\n",
            "api.py": "def f():\n    from headscope.data import types\n    import headscope.text.words\n",
            "data/__init__.py": "",
            "data/types.py": "if TYPE_CHECKING:\n    from headscope.text.words import Word\n",
            "text/words.py": "import re\nfrom headscope import capture\n",
        }
    )
    assert graph_of(package) == {
        "__init__": {"api"},
        "api": {"data.types", "text.words"},
        "data": set(),
        "data.types": {"text.words"},
        "text.words": {"__init__"},
    }


def test_a_circle_of_types_and_late_imports_is_found() -> None:
    found = circle_in({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}})
    assert found[0] == found[-1]
    assert set(found) == {"a", "b", "c"}


def test_imports_outwards_and_of_neighbours_are_found() -> None:
    graph = {"data.types": {"text.words", "files.save", "data.layers"}, "files.save": {"export.html"}}
    assert wrong_ways(graph) == [("data.types", "files.save"), ("files.save", "export.html")]


def test_an_import_of_torch_is_found(tree: Callable[[dict[str, str]], Path]) -> None:
    package = tree(
        {
            "tracing/run.py": "import torch\n",
            "files/writer.py": "def f():\n    from transformers.utils import logging\n",
            "data/capture.py": "if TYPE_CHECKING:\n    import torch.nn as nn\n",
        }
    )
    assert heavy_imports(package) == [("data.capture", "torch.nn"), ("files.writer", "transformers.utils.logging")]
