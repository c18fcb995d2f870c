"""The import rules of `src/`, types included, and that no module holds state."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]

ENTRIES = {"widget", "page", "lab"}
INNER = {"core", "draw", "dom", "views", "figure", "sources"}
MAY_IMPORT: dict[str, set[str]] = {
    "core": set(),
    "draw": {"core"},
    "dom": {"core"},
    "sources": {"core"},
    "views": {"core", "draw", "dom"},
    "figure": {"core", "draw", "dom", "views"},
    **dict.fromkeys(ENTRIES, INNER),
}
"""The folders that each folder of `src/` may import. All may import the generated files."""


def typescript(root: Path) -> list[Path]:
    """Return the TypeScript files of a project's `src/`, tests included."""
    return sorted((root / "src").rglob("*.ts"))


def specifiers(path: Path) -> list[str]:
    """Return the import specifiers of a TypeScript file, types included."""
    return re.findall(r"""(?:\bfrom|\bimport\(|^import)\s*["']([^"']+)["']""", path.read_text(), re.MULTILINE)


def allowed(root: Path, path: Path, specifier: str) -> bool:
    """Return whether a TypeScript file of `src/` may import `specifier`."""
    home = path.relative_to(root / "src").parts[0]
    if not specifier.startswith("."):
        return home == "lab" or not specifier.startswith(("@jupyterlab/", "@lumino/"))
    target = (path.parent / specifier).resolve()
    if not target.is_relative_to(root / "src"):
        return target.is_relative_to(root / "testing") and path.name.endswith(".test.ts")
    folder, *rest = target.relative_to(root / "src").parts
    return (not rest and folder.endswith(".gen")) or folder == home or folder in MAY_IMPORT[home]


def wrong_imports(root: Path) -> list[tuple[str, str]]:
    """Return the imports of a project's `src/` that break the rules."""
    return [
        (path.relative_to(root).as_posix(), name)
        for path in typescript(root)
        if path.parent != root / "src"
        for name in specifiers(path)
        if not allowed(root, path, name)
    ]


def stateful(root: Path) -> list[str]:
    """Return the modules of a project's `src/` that hold a variable outside of functions."""
    modules = [path for path in typescript(root) if not path.name.endswith(".test.ts")]
    return [
        path.relative_to(root).as_posix()
        for path in modules
        if re.search(r"^(export )?(let|var) ", path.read_text(), re.MULTILINE)
    ]


def test_every_folder_has_a_direction() -> None:
    assert {path.name for path in (ROOT / "src").iterdir() if path.is_dir()} == set(MAY_IMPORT)


def test_imports_point_inwards() -> None:
    assert typescript(ROOT)
    assert wrong_imports(ROOT) == []


def test_modules_keep_no_state() -> None:
    """In JupyterLab each widget loads its own copy of a module; in marimo all share one, state included."""
    assert stateful(ROOT) == []


def test_only_generated_files_are_at_the_top() -> None:
    top = [path.name for path in (ROOT / "src").iterdir() if path.is_file() and path.suffix == ".ts"]
    assert [name for name in top if not name.endswith(".gen.ts")] == []


def test_the_import_finder_sees_every_form(tmp_path: Path) -> None:
    file = tmp_path / "file.ts"
    file.write_text(
        'import "a";\nimport type { B } from "b";\nexport * from "c";\nconst d = await import("d");\n'
        'import {\n  e,\n} from "e";\nlet f: import("f").F;\n'
    )
    assert specifiers(file) == ["a", "b", "c", "d", "e", "f"]


def test_an_import_outwards_is_found(tree: Callable[[dict[str, str]], Path]) -> None:
    root = tree(
        {
            "src/core/state/side.ts": 'import type { V } from "../../views/frame/scene";\nimport "../async/ahead";\n',
            "src/core/state/side.test.ts": 'import "../../../testing/rows";\nimport "../../draw/heat";\n',
            "src/draw/heat.ts": 'import "../core/async/ahead";\nimport "../contract.gen";\nimport "../core.ts";\n',
            "src/views/frame/scene.ts": 'import "../../sources/kernel/kernel";\nimport "../../../testing/view";\n',
            "src/dom/menu.ts": 'import "@lumino/widgets";\nimport "@preact/signals-core";\n',
            "src/widget/index.ts": 'import "../views/frame/root";\nimport "../page/index";\n',
            "src/lab/index.ts": 'import "@jupyterlab/application";\n',
        }
    )
    assert wrong_imports(root) == [
        ("src/core/state/side.test.ts", "../../draw/heat"),
        ("src/core/state/side.ts", "../../views/frame/scene"),
        ("src/dom/menu.ts", "@lumino/widgets"),
        ("src/draw/heat.ts", "../core.ts"),
        ("src/views/frame/scene.ts", "../../sources/kernel/kernel"),
        ("src/views/frame/scene.ts", "../../../testing/view"),
        ("src/widget/index.ts", "../page/index"),
    ]


def test_a_module_that_keeps_state_is_found(tree: Callable[[dict[str, str]], Path]) -> None:
    root = tree({"src/core/a.ts": "let count = 0;\n", "src/core/b.ts": "function f() {\n  let x = 0;\n}\n"})
    assert stateful(root) == ["src/core/a.ts"]
