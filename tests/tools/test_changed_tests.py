"""The files that count as changed and the tests that a change touches, in small repositories."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from changed_tests import changed_files, touched_tests

FILES = {
    "pyproject.toml": "",
    "README.md": "",
    "python/headscope/__init__.py": "from headscope.api import capture\n",
    "python/headscope/api.py": "from headscope.text import words\n",
    "python/headscope/text/__init__.py": "",
    "python/headscope/text/words.py": "def f():\n    from headscope.text.characters import lower\n",
    "python/headscope/text/characters.py": "",
    "python/headscope/wire/blocks.py": "",
    "python/headscope/files/save.py": "import headscope.wire.blocks\n",
    "python/headscope/files/load.py": "import headscope.wire.blocks\n",
    "tools/run.py": "",
    "tests/conftest.py": "from zoo.models import TINY\n",
    "tests/test_api.py": "import headscope as hs\n",
    "tests/test_headscope.py": "import headscope\n",
    "tests/text/test_words.py": "import headscope as hs\n",
    "tests/files/test_load.py": "import headscope as hs\n",
    "tests/structure/test_folders.py": "",
    "tests/tools/test_run.py": "",
    "tests/tracing/zoo/models.py": "",
    "tests/tracing/zoo/compare.py": "from zoo import models\n",
    "tests/tracing/test_run_zoo.py": "from zoo.compare import compare\n",
    "tests/repository/test_documents.py": "",
    "tests/repository/test_metadata.py": "",
    "tests/golden/causal.safetensors": "",
    "tests/files/test_load_golden.py": "",
    "testing/view.ts": 'import { Scene } from "../src/views/scene";\n',
    "src/core/lru.ts": "",
    "src/core/lru.test.ts": 'import { Lru } from "./lru";\n',
    "src/core/cache.ts": 'import type {\n  Lru,\n} from "./lru";\n',
    "src/views/scene.ts": 'const lru = await import("../core/cache");\n',
    "src/views/head/index.ts": "",
    "src/views/head/head-view.test.ts": 'import { mount } from "../../../testing/view";\n',
    "src/views/registry.ts": 'import "./head";\n',
    "src/views/registry.test.ts": 'import { views } from "./registry";\n',
    "src/core/file/read-capture-golden.test.ts": "",
    "src/widget/live.ts": "",
}
"""A project with Headscope's folders, at the commit where the branch left `main`."""

RULES = "tests/structure/test_folders.py"


def git(root: Path, *arguments: str) -> None:
    """Run a git command independently of the user's settings."""
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    subprocess.run(["git", *identity, *arguments], cwd=root, env=environment, check=True, capture_output=True)


def commit(root: Path, files: dict[str, str]) -> None:
    """Write files and commit them."""
    write(root, files)
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message=Change")


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a repository with these files on `main`, on a branch without changes."""
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    commit(tmp_path, FILES)
    git(tmp_path, "switch", "--quiet", "--create", "branch")
    return tmp_path


def change(root: Path, *names: str) -> None:
    """Change files without changing their imports."""
    for name in names:
        with (root / name).open("a") as file:
            file.write("\n")


def test_committed_uncommitted_staged_deleted_and_untracked_files_are_changed(project: Path) -> None:
    commit(project, {"committed.md": "", "name with spaces.md": ""})
    write(project, {"staged.md": "", "untracked ü.md": "", ".gitignore": "ignored\n", "ignored": ""})
    git(project, "add", "staged.md")
    change(project, "README.md")
    (project / "tools/run.py").unlink()
    assert changed_files(project, base="main") == [
        ".gitignore",
        "README.md",
        "committed.md",
        "name with spaces.md",
        "staged.md",
        "tools/run.py",
        "untracked ü.md",
    ]


def test_later_changes_on_main_are_not_the_branch_s(project: Path) -> None:
    commit(project, {"ours.md": ""})
    git(project, "switch", "--quiet", "main")
    commit(project, {"theirs.md": ""})
    git(project, "switch", "--quiet", "branch")
    assert changed_files(project, base="main") == ["ours.md"]


def test_on_main_itself_only_uncommitted_files_are_changed(project: Path) -> None:
    git(project, "switch", "--quiet", "main")
    commit(project, {"committed.md": ""})
    assert changed_files(project, base="main") == []
    change(project, "README.md")
    assert changed_files(project, base="main") == ["README.md"]


def test_without_main_the_last_commit_is_the_base(project: Path) -> None:
    git(project, "branch", "--delete", "--force", "main")
    commit(project, {"committed.md": ""})
    change(project, "README.md")
    assert changed_files(project, base="main") == ["README.md"]


def test_the_main_of_a_clone_counts(project: Path) -> None:
    git(project, "update-ref", "refs/remotes/origin/main", "main")
    git(project, "branch", "--delete", "--force", "main")
    commit(project, {"committed.md": ""})
    assert changed_files(project, base="main") == ["committed.md"]


@pytest.mark.parametrize(
    ("changed", "tests"),
    [
        ("python/headscope/text/words.py", ["tests/text/test_words.py"]),
        ("python/headscope/__init__.py", ["tests/test_headscope.py"]),
        ("python/headscope/api.py", ["tests/test_api.py"]),
        ("python/headscope/files/load.py", ["tests/files/test_load.py", "tests/files/test_load_golden.py"]),
        ("tools/run.py", ["tests/tools/test_run.py"]),
        ("tests/text/test_words.py", ["tests/text/test_words.py"]),
    ],
)
def test_a_test_that_mirrors_a_file_or_changed_is_touched(project: Path, changed: str, tests: list[str]) -> None:
    change(project, changed)
    assert touched_tests(project).python == sorted([*tests, RULES])


def test_a_file_without_tests_touches_the_tests_of_its_folder(project: Path) -> None:
    change(project, "python/headscope/text/characters.py")
    assert touched_tests(project).python == [RULES, "tests/text/test_words.py"]


def test_a_file_without_tests_in_its_folder_touches_those_of_its_importers(project: Path) -> None:
    change(project, "python/headscope/wire/blocks.py")
    assert touched_tests(project).python == ["tests/files/test_load.py", "tests/files/test_load_golden.py", RULES]


def test_a_helper_touches_the_tests_that_import_it_through_others(project: Path) -> None:
    change(project, "tests/tracing/zoo/models.py")
    assert touched_tests(project).python == [
        RULES,
        "tests/test_api.py",
        "tests/test_headscope.py",
        "tests/tracing/test_run_zoo.py",
    ]


def test_a_deleted_file_touches_the_tests_that_import_it(project: Path) -> None:
    (project / "tests/tracing/zoo/compare.py").unlink()
    assert touched_tests(project).python == [RULES, "tests/tracing/test_run_zoo.py"]


@pytest.mark.parametrize(
    ("changed", "tests"),
    [
        ("src/core/lru.ts", ["src/core/lru.test.ts"]),
        ("src/core/cache.ts", ["src/core/lru.test.ts"]),
        ("src/core/lru.test.ts", ["src/core/lru.test.ts"]),
        ("testing/view.ts", ["src/views/head/head-view.test.ts"]),
        ("src/views/scene.ts", ["src/views/head/head-view.test.ts"]),
        ("src/views/head/index.ts", ["src/views/head/head-view.test.ts"]),
        ("src/widget/live.ts", []),
    ],
)
def test_typescript_touches_its_nearest_tests(project: Path, changed: str, tests: list[str]) -> None:
    change(project, changed)
    touched = touched_tests(project)
    assert (touched.typescript, touched.python) == (tests, [RULES])


def test_an_index_is_imported_by_its_folder(project: Path) -> None:
    (project / "src/views/head/head-view.test.ts").unlink()
    change(project, "src/views/head/index.ts")
    assert touched_tests(project).typescript == ["src/views/registry.test.ts"]


def test_files_that_tests_read_touch_these(project: Path) -> None:
    change(project, "README.md")
    assert touched_tests(project).python == ["tests/repository/test_documents.py"]
    change(project, "pyproject.toml", "tests/golden/causal.safetensors")
    touched = touched_tests(project)
    assert touched.python == [
        "tests/files/test_load_golden.py",
        "tests/repository/test_documents.py",
        "tests/repository/test_metadata.py",
    ]
    assert touched.typescript == ["src/core/file/read-capture-golden.test.ts"]


def test_no_change_touches_nothing(project: Path) -> None:
    touched = touched_tests(project)
    assert (touched.changed, touched.python, touched.typescript) == ([], [], [])


@pytest.mark.parametrize(
    "content",
    [b"def broken(:\n", b"\xef\xbb\xbfx = 1\n", b"# -*- coding: latin-1 -*-\nx = '\xe9'\n", b"x = '\xe9'\n", b"\0"],
    ids=["syntax error", "BOM", "latin-1", "no UTF-8", "NUL"],
)
@pytest.mark.parametrize("name", ["tools/odd.py", "src/core/odd.ts"])
def test_a_file_that_cannot_be_parsed_is_left_to_the_linters(project: Path, name: str, content: bytes) -> None:
    (project / name).parent.mkdir(parents=True, exist_ok=True)
    (project / name).write_bytes(content)
    assert name in touched_tests(project).changed


def test_odd_names_are_no_hindrance(project: Path) -> None:
    (project / "tools/.#lock.py").symlink_to("nobody@nowhere")
    (project / "tools/folder.py").mkdir()
    with open(os.fsencode(project) + b"/tools/\xff.txt", "w"):
        pass
    assert {"tools/.#lock.py", "tools/\udcff.txt"} <= set(touched_tests(project).changed)
