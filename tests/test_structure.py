"""Who may import whom, and how large a file may grow: what keeps the house as CONTRIBUTING.md describes it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
SRC = ROOT / "src"
PACKAGE = ROOT / "python" / "headscope"

ENTRIES = {"widget", "page", "lab"}
INNER = {"core", "draw", "dom", "views", "sources"}
MAY_IMPORT = {
    "core": set(),
    "draw": {"core"},
    "dom": {"core"},
    "sources": {"core"},
    "views": {"core", "draw", "dom"},
    **dict.fromkeys(ENTRIES, INNER),
}
"""For each folder of `src/`, the others that it may import. All may import the contract."""

LAYERS = (("capture",), ("attention",), ("widgets", "files", "export"), ("bertviz",))
"""The parts of the Python package, from the inside out: none imports a later one when it loads."""

TYPESCRIPT = sorted(SRC.rglob("*.ts"))
PYTHON = sorted(PACKAGE.rglob("*.py"))


def relative(path: Path) -> str:
    """Return a path's name from the project's root: the name of its test."""
    return path.relative_to(ROOT).as_posix()


def specifiers(path: Path) -> list[str]:
    """Return what a TypeScript file imports, types included."""
    return re.findall(r"""(?:\bfrom|\bimport\(|^import)\s*["']([^"']+)["']""", path.read_text(), re.MULTILINE)


def folder_of(path: Path, specifier: str) -> str | None:
    """Return the folder of `src/` that a relative import leads to; None for a file of `src/` itself."""
    parts = (path.parent / specifier).resolve().relative_to(SRC).parts
    return parts[0] if len(parts) > 1 else None


def outward(path: Path, specifier: str) -> bool:
    """Tell whether a TypeScript file may not import this."""
    home = path.relative_to(SRC).parts[0]
    if specifier.startswith("."):
        return folder_of(path, specifier) not in {None, home, *MAY_IMPORT.get(home, set())}
    return specifier.startswith(("@jupyterlab/", "@lumino/")) and home != "lab"


def test_typescript_imports_point_inwards() -> None:
    assert TYPESCRIPT
    assert not [(relative(path), name) for path in TYPESCRIPT for name in specifiers(path) if outward(path, name)]


def test_typescript_files_are_short() -> None:
    assert not [relative(path) for path in TYPESCRIPT if path.read_text().count("\n") > 400]


def test_typescript_modules_keep_no_state() -> None:
    """Each widget loads a module of its own in JupyterLab, and all share one in marimo: state there is a trap."""
    modules = [path for path in TYPESCRIPT if not path.name.endswith(".test.ts")]
    assert not [relative(path) for path in modules if re.search(r"^(export )?(let|var) ", path.read_text(), re.M)]


def test_the_import_finder_sees_every_form(tmp_path: Path) -> None:
    file = tmp_path / "file.ts"
    file.write_text('import "a";\nimport type { B } from "b";\nexport * from "c";\nconst d = await import("d");\n')
    assert specifiers(file) == ["a", "b", "c", "d"]


class Imports(ast.NodeVisitor):
    """Collects what a module imports, but for what is there for type checkers alone."""

    def __init__(self, path: Path, *, inside_functions: bool) -> None:
        self.names: set[str] = set()
        self.inside_functions = inside_functions
        self.visit(ast.parse(path.read_text()))

    def visit_Import(self, node: ast.Import) -> None:
        self.names.update(alias.name for alias in node.names)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        self.names.add(node.module or "")

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        if self.inside_functions:
            self.generic_visit(node)

    def visit_If(self, node: ast.If) -> None:
        if ast.unparse(node.test) != "TYPE_CHECKING":
            self.generic_visit(node)


def layer(parts: tuple[str, ...]) -> int | None:
    """Return the layer of a module of the package; None for the helpers that any may use."""
    return next((number for number, names in enumerate(LAYERS) if parts[:1] and parts[0] in names), None)


def test_python_imports_point_inwards() -> None:
    assert PYTHON
    wrong = []
    for path in PYTHON:
        home = layer(path.relative_to(PACKAGE).with_suffix("").parts)
        for name in Imports(path, inside_functions=False).names:
            target = layer(tuple(name.removeprefix("headscope.").split("."))) if name.startswith("headscope.") else None
            if home is not None and target is not None and target > home:
                wrong.append((relative(path), name))
    assert not wrong


def test_only_capture_imports_torch_and_transformers() -> None:
    outside = [path for path in PYTHON if path.relative_to(PACKAGE).parts[0] != "capture"]
    imported = {(relative(path), name) for path in outside for name in Imports(path, inside_functions=True).names}
    assert not [pair for pair in imported if pair[1].split(".")[0] in {"torch", "transformers"}]
