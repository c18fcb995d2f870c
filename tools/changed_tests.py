"""Choose the unit tests that a change touches.

A change in a low-level module reaches nearly every test, so only the nearest ones are chosen: test files that changed
themselves, mirror a changed file, or import it, directly or through helpers of the tests. If a file has no such tests,
those of its folder are chosen; if there are none, those of the files that import it, and so on.
"""

from __future__ import annotations

import ast
import re
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from posixpath import normpath

PACKAGE = "python/headscope/"
PYTHON_ROOTS = ("python", "tests/tracing", "tests", "tools", "examples")
"""The folders from which tests import modules."""

TYPESCRIPT_ROOTS = ("src", "testing")
HELPERS = ("tests/", "testing/")
"""The folders whose files pass a change on to the tests that import them."""

RULES = "tests/structure/test_*.py"
"""The tests of the rules that every source file keeps."""

UNIMPORTED = (
    ("*.md", "tests/repository/test_documents.py"),
    (".github/*", "tests/repository/test_metadata.py"),
    ("*.cff", "tests/repository/test_metadata.py"),
    ("*.json", "tests/repository/test_metadata.py"),
    ("*.toml", "tests/repository/test_metadata.py"),
    ("constraints.txt", "tests/repository/test_metadata.py"),
    ("python/headscope/export/snapshot/*.bin", "tests/export/snapshot/test_*.py"),
    ("tests/golden/*", "tests/files/test_load_golden.py"),
    ("tests/golden/*", "src/core/file/read-capture-golden*.test.ts"),
    ("ui-tests/harness/*.py", "tests/harness/test_*.py"),
)
"""Files that tests read or run, and these tests, as patterns of paths; a star also matches folders."""

Importers = Mapping[str, set[str]]
"""For each file, the files that import it; paths are relative to the project."""


@dataclass(frozen=True)
class Touched:
    """The files that differ from the base, and the test files to run, as paths relative to the project."""

    changed: list[str] = field(default_factory=list)
    python: list[str] = field(default_factory=list)
    typescript: list[str] = field(default_factory=list)


def touched_tests(root: Path, *, base: str = "main") -> Touched:
    """Return the files changed in a working tree since its branch left `base`, and the tests that they touch."""
    changed = changed_files(root, base=base)
    files = source_files(root)
    tests = {path for path in files if is_test(path)}
    importers = importers_of(root, files, modules_of({*files, *changed}))
    found = {test for path in changed for test in nearest_tests(path, importers, tests)}
    patterns = [test for pattern, test in UNIMPORTED for path in changed if fnmatch(path, pattern)]
    if any(path.endswith((".py", ".ts")) for path in changed):
        patterns.append(RULES)
    found |= {test for test in tests if any(fnmatch(test, pattern) for pattern in patterns)}
    return Touched(
        changed,
        python=sorted(test for test in found if test.endswith(".py")),
        typescript=sorted(test for test in found if test.endswith(".ts")),
    )


def changed_files(root: Path, *, base: str) -> list[str]:
    """Return the paths that were committed since the branch left `base`, or are uncommitted or untracked.

    Deleted files are included. If the repository has no `base`, the last commit replaces it.
    """
    left = git(root, "merge-base", base, "HEAD") or git(root, "merge-base", f"origin/{base}", "HEAD") or "HEAD"
    differing = git(root, "diff", "--name-only", "--no-renames", "--relative", "-z", left.strip())
    untracked = git(root, "ls-files", "--others", "--exclude-standard", "-z")
    return sorted(set(filter(None, f"{differing}{untracked}".split("\0"))))


def git(root: Path, *arguments: str) -> str:
    """Return the output of a git command; empty if it fails."""
    done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, check=False)
    return done.stdout.decode(errors="surrogateescape")


def source_files(root: Path) -> set[str]:
    """Return the Python and TypeScript files by which tests are chosen."""
    python = {path for folder in PYTHON_ROOTS for path in (root / folder).rglob("*.py")}
    typescript = {path for folder in TYPESCRIPT_ROOTS for path in (root / folder).rglob("*.ts")}
    return {path.relative_to(root).as_posix() for path in python | typescript if path.is_file()}


def is_test(path: str) -> bool:
    """Return whether a file holds unit tests."""
    return path.endswith(".test.ts") or fnmatch(path, "tests/*test_*.py")


def nearest_tests(path: str, importers: Importers, tests: set[str]) -> set[str]:
    """Return the tests that mirror or import a file, or else those of its folder, or else those of its importers."""
    if path in tests:
        return {path}
    level, seen = {path}, {path}
    while level:
        level |= helpers_above(level, importers)
        mirrors = {test for each in level for test in mirrors_of(each, tests)}
        own = mirrors.union(*(importers.get(each, ()) for each in level)) & tests
        if found := own or {test for each in level for test in beside(each, tests)}:
            return found
        seen |= level
        level = {above for each in level for above in importers.get(each, ())} - seen
    return set()


def beside(path: str, tests: set[str]) -> set[str]:
    """Return the tests of a source file's folder, except those of the package's own folder, which test everything."""
    folder = mirror(path).rpartition("/")[0]
    is_source = path.startswith((PACKAGE, "src/")) and folder != "tests"
    return {test for test in tests if is_source and test.rpartition("/")[0] == folder}


def helpers_above(paths: Iterable[str], importers: Importers) -> set[str]:
    """Return the helpers of tests that import one of these files, directly or through other helpers."""
    found: set[str] = set()
    left = list(paths)
    while left:
        above = {path for path in importers.get(left.pop(), ()) if path.startswith(HELPERS) and not is_test(path)}
        left += above - found
        found |= above
    return found


def mirrors_of(path: str, tests: set[str]) -> set[str]:
    """Return the tests that belong to a source file: those of its name, an aspect after it or not."""
    end, separator = (".test.ts", "-") if path.endswith(".ts") else (".py", "_")
    stem = mirror(path).removesuffix(end)
    return {test for test in tests if test == stem + end or test.startswith(stem + separator)}


def mirror(path: str) -> str:
    """Return the test file of a source file's name: beside it, or in the same folder of `tests/`."""
    if path.endswith(".ts"):
        return path.removesuffix(".ts") + ".test.ts"
    folder, _, name = path.removeprefix(PACKAGE).rpartition("/")
    name = "test_headscope.py" if path == f"{PACKAGE}__init__.py" else f"test_{name}"
    return "/".join(filter(None, ("tests", folder, name)))


def importers_of(root: Path, files: set[str], modules: Mapping[str, set[str]]) -> Importers:
    """Return the importers of each file; reads all files."""
    importers: defaultdict[str, set[str]] = defaultdict(set)
    for path in files:
        text = (root / path).read_bytes()
        imported = python_imports(text, modules) if path.endswith(".py") else typescript_imports(text, path)
        for found in imported:
            importers[found].add(path)
        if is_test(path):
            importers[f"{path.rpartition('/')[0]}/conftest.py"].add(path)
    return importers


def modules_of(files: Iterable[str]) -> Mapping[str, set[str]]:
    """Return the files of each module name, relative to any of the folders in PYTHON_ROOTS."""
    modules: defaultdict[str, set[str]] = defaultdict(set)
    for path in files:
        for folder in PYTHON_ROOTS:
            if path.startswith(f"{folder}/") and path.endswith(".py"):
                name = path.removeprefix(f"{folder}/").removesuffix(".py").removesuffix("/__init__")
                modules[name.replace("/", ".")].add(path)
    # Nearly every test imports the package itself.
    modules.pop("headscope", None)
    return modules


def python_imports(text: bytes, modules: Mapping[str, set[str]]) -> Iterator[str]:
    """Yield the files of the project that a Python file imports, at any place in it; none if it has a syntax error."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return  # the linters report it
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from modules.get(alias.name, ())
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield from modules.get(f"{node.module}.{alias.name}", modules.get(node.module, set()))


def typescript_imports(text: bytes, path: str) -> Iterator[str]:
    """Yield the files that a TypeScript file may import from the project, types included."""
    pattern = r"""(?:\bfrom|\bimport\(|^import)\s*["'](\.[^"']+)["']"""
    for name in re.findall(pattern, text.decode(errors="replace"), re.MULTILINE):
        target = normpath(f"{path}/../{name}")
        yield from (target, f"{target}.ts", f"{target}/index.ts")
