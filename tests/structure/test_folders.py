"""The limits on files in a folder and lines in a file, and that each folder says what belongs in it."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src"
PACKAGE = ROOT / "python" / "headscope"
TOOLS = ROOT / "tools"
SUPPORT = ROOT / "testing"
BROWSER_TESTS = ROOT / "ui-tests"
BUILT = {"static", "labextension", "results"}
"""Folders that the build and the browser tests create."""

MAX_FILES = 25
MAX_LINES = 400


def sources(top: Path) -> list[Path]:
    """Return the source files below a folder, without tests and built files."""
    found = [*top.rglob("*.py"), *top.rglob("*.ts"), *top.rglob("*.mjs")]
    return sorted(
        path
        for path in found
        if not path.name.endswith(".test.ts") and not BUILT.intersection(path.relative_to(top).parts)
    )


def folders(top: Path) -> list[Path]:
    """Return all folders that hold source files, at any depth."""
    return sorted({parent for path in sources(top) for parent in path.parents if parent.is_relative_to(top)})


def crowded(top: Path) -> dict[str, int]:
    """Return the folders with too many source files, and their numbers of files."""
    sizes = Counter(path.parent.relative_to(top).as_posix() for path in sources(top))
    return {name: size for name, size in sizes.items() if size > MAX_FILES}


def long_files(top: Path) -> list[str]:
    """Return the source files, tests included, that exceed the limit on lines."""
    tests = top.rglob("*.test.ts")
    lengths = {path: len(path.read_text().splitlines()) for path in (*sources(top), *tests)}
    return [
        path.relative_to(top).as_posix()
        for path, length in lengths.items()
        if length > MAX_LINES and not path.name.endswith(".gen.ts")
    ]


def purpose(folder: Path) -> str | None:
    """Return the line that says what belongs in a folder: the package's docstring, or the first of README or index."""
    if (package := folder / "__init__.py").exists():
        docstring = ast.get_docstring(ast.parse(package.read_text()))
        return docstring.splitlines()[0] if docstring else None
    if (readme := folder / "README.md").exists():
        lines = [line for line in readme.read_text().splitlines() if line and not line.startswith("#")]
        return lines[0] if lines else None
    if (index := folder / "index.ts").exists():
        comment = re.match(r"/\*\*\s*(?:\*\s*)?(\S.*)", index.read_text())
        return comment[1] if comment else None
    return None


def unexplained(top: Path) -> list[str]:
    """Return `top` and the folders below it that hold source files and don't say what belongs in them."""
    return [path.relative_to(top).as_posix() for path in folders(top) if not purpose(path)]


def test_no_folder_is_crowded() -> None:
    assert sources(SRC)
    assert sources(PACKAGE)
    assert {**crowded(SRC), **crowded(PACKAGE)} == {}


def test_a_crowded_folder_is_found(tree: Callable[[dict[str, str]], Path]) -> None:
    names = [f"core/part{number}.ts" for number in range(MAX_FILES + 1)]
    top = tree(dict.fromkeys([*names, "core/part0.test.ts", "draw/line.ts"], ""))
    assert crowded(top) == {"core": MAX_FILES + 1}
    (top / names[0]).unlink()
    assert crowded(top) == {}


def test_files_are_short() -> None:
    assert [*long_files(SRC), *long_files(PACKAGE), *long_files(TOOLS)] == []


def test_a_long_file_is_found(tree: Callable[[dict[str, str]], Path]) -> None:
    just, over = "x\n" * MAX_LINES, "x\n" * (MAX_LINES + 1)
    assert long_files(tree({"a.py": just, "b.py": over, "c.ts": over, "d.test.ts": over, "e.gen.ts": over})) == [
        "b.py",
        "c.ts",
        "d.test.ts",
    ]


@pytest.mark.parametrize("top", [SRC, PACKAGE, SUPPORT, BROWSER_TESTS], ids=lambda top: top.name)
def test_every_folder_says_what_belongs_in_it(top: Path) -> None:
    assert folders(top)
    assert unexplained(top) == []


def test_an_unexplained_folder_is_found(tree: Callable[[dict[str, str]], Path]) -> None:
    top = tree(
        {
            "told/__init__.py": '"""Tokens of a text."""\n',
            "silent/__init__.py": "import os\n",
            "bare/file.ts": "",
            "read/README.md": "# Lines\n\nLines from token to token.\n",
            "titled/README.md": "# Lines\n",
            "titled/file.ts": "",
            "read/file.ts": "",
            "indexed/index.ts": "/** The plug-ins. */\n",
            "unindexed/index.ts": "export {};\n",
            "above/below/README.md": "Below.\n",
            "above/below/file.ts": "",
        }
    )
    assert unexplained(top) == [".", "above", "bare", "silent", "titled", "unindexed"]
