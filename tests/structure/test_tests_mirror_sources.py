"""The path and name of a test file follow those of the module that it tests, in Python and in TypeScript."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]

OTHER_FOLDERS = {"examples", "golden", "harness", "packaging", "repository", "structure", "tools"}
"""Folders of `tests/` that test something else than the Python package."""


def python_tests(root: Path) -> list[Path]:
    """Return the test files of the Python package, relative to `tests/`."""
    found = [path.relative_to(root / "tests") for path in (root / "tests").rglob("test_*.py")]
    return sorted(path for path in found if path.parts[0] not in OTHER_FOLDERS)


def is_of(name: str, subjects: set[str], separator: str) -> bool:
    """Return whether a test's name is that of a subject or begins with it: `capture`, `capture_memory`."""
    return any(name == subject or name.startswith(subject + separator) for subject in subjects)


def python_without_subject(root: Path) -> list[str]:
    """Return the Python test files that are not named after a module, a package or their folder."""
    return [path.as_posix() for path in python_tests(root) if not _has_python_subject(root / "python/headscope", path)]


def _has_python_subject(package: Path, test: Path) -> bool:
    folder = package / test.parent
    packages = {path.parent.name for path in folder.glob("*/__init__.py")}
    subjects = {folder.name, *packages, *(path.stem for path in folder.glob("*.py"))}
    return folder.is_dir() and is_of(test.stem.removeprefix("test_"), subjects, "_")


def typescript_without_subject(root: Path) -> list[str]:
    """Return the TypeScript test files that are not named after a file beside them or their folder."""
    src = root / "src"
    return sorted(
        path.relative_to(src).as_posix()
        for path in src.rglob("*.test.ts")
        if not is_of(path.name.removesuffix(".test.ts"), _typescript_subjects(path.parent), "-")
    )


def _typescript_subjects(folder: Path) -> set[str]:
    files = {path.stem for path in folder.glob("*.ts") if not path.name.endswith(".test.ts")}
    return {folder.name, *files}


def test_python_tests_mirror_the_package() -> None:
    assert len(python_tests(ROOT)) > 50
    assert python_without_subject(ROOT) == []


def test_typescript_tests_stand_beside_their_files() -> None:
    assert typescript_without_subject(ROOT) == []


def test_a_python_test_without_a_subject_is_found(tree: Callable[[dict[str, str]], Path]) -> None:
    package = ("__init__", "api", "files/__init__", "files/load")
    tests = (
        "test_api",
        "test_api_errors",
        "test_files",
        "test_headscope",
        "test_later",
        "files/test_load",
        "files/test_load_hostile",
        "files/test_files_together",
        "files/test_loading",
        "elsewhere/test_load",
        "tools/test_anything",
    )
    root = tree({f"python/headscope/{name}.py": "" for name in package} | {f"tests/{name}.py": "" for name in tests})
    assert python_without_subject(root) == ["elsewhere/test_load.py", "files/test_loading.py", "test_later.py"]


def test_a_typescript_test_without_a_subject_is_found(tree: Callable[[dict[str, str]], Path]) -> None:
    names = ("axis.ts", "axis.test.ts", "axis-segments.test.ts", "reduce-all.test.ts", "axes.test.ts", "lost.test.ts")
    root = tree({f"src/core/reduce/{name}": "" for name in names})
    assert typescript_without_subject(root) == ["core/reduce/axes.test.ts", "core/reduce/lost.test.ts"]
