"""The sdist and the wheel that users install hold the built front end and need no Node."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BUILT = ("static/store.js", "static/widget.js", "static/widget.css", "static/page.js", "static/figure.js")
NOT_SOURCES = ("node_modules", ".*", "lib", "build", "dist", "results", "static", "labextension", "__pycache__")


def run(command: Sequence[str | Path], cwd: Path, **environment: str) -> str:
    """Run a command and return its output; fail with the whole output if the command fails."""
    env = {**os.environ, **environment}
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the sdist from the sources; the build hook installs the npm packages and builds the front end."""
    folder = tmp_path_factory.mktemp("sources") / "headscope"
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*NOT_SOURCES))
    run(
        [sys.executable, "-m", "build", "--sdist", "--no-isolation"],
        cwd=folder,
        PATH=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        npm_config_prefer_offline="true",
    )
    (path,) = (folder / "dist").glob("*.tar.gz")
    return path


@pytest.fixture(scope="module")
def wheel(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from the sdist, as `pip install headscope-*.tar.gz` does, with an empty PATH."""
    folder = tmp_path_factory.mktemp("wheel")
    options = ["--no-deps", "--no-build-isolation", "--wheel-dir", str(folder)]
    run([sys.executable, "-m", "pip", "wheel", *options, sdist], cwd=folder, PATH=str(folder))
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the Python of a new environment that holds only the wheel."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=True)
    path = folder / "bin" / "python"
    install = ["--python", str(path), "install", "--no-deps", "--no-index", str(wheel)]
    run([sys.executable, "-m", "pip", *install], cwd=folder, PATH=str(folder))
    return path


def in_environment(python: Path, *arguments: str) -> str:
    """Run the new environment's Python; it finds Headscope's dependencies in the environment of the tests."""
    return run([python, *arguments], cwd=python.parent, PYTHONPATH=sysconfig.get_path("purelib"))


def test_the_sdist_holds_sources_and_built_files(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames()}
    for name in BUILT:
        assert f"python/headscope/{name}" in names
    assert {"package.json", "install.json", "LICENSE", "README.md", "src/lab/index.ts", "style/widget.css"} <= names
    assert {"schema/settings.json", "python/headscope/files/__init__.py"} <= names
    assert "python/headscope/labextension/package.json" in names
    stray = ("node_modules/", "tests/", "ui-tests/", "examples/", "benchmarks/")
    assert not [name for name in names if name.startswith(stray) or name.endswith(".test.ts")]


def test_the_wheel_holds_the_front_end_once(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    for name in BUILT:
        assert f"headscope/{name}" in names
    data = [name for name in names if ".data/data/share/jupyter/labextensions/headscope/" in name]
    assert {name.rsplit("/", 1)[1] for name in data} >= {"package.json", "install.json", "style.js"}
    assert [name for name in data if name.endswith("/schemas/headscope/settings.json")]
    assert sum("remoteEntry." in name for name in names) == 1
    assert not [name for name in names if name.startswith("headscope/labextension")]


def test_whatever_holds_a_library_holds_its_notice(wheel: Path) -> None:
    holders = [b"fflate: Copyright (c)", b"@preact/signals-core: Copyright (c)", b"Permission is hereby granted"]
    with zipfile.ZipFile(wheel) as archive:
        for name in ("store.js", "page.js", "figure.js"):
            start = archive.read(f"headscope/static/{name}")[:4000]
            assert [one for one in holders if one not in start] == [], name
        (listed,) = [name for name in archive.namelist() if name.endswith("/third-party-licenses.json")]
        assert {"fflate", "@preact/signals-core"} <= {
            one["name"] for one in json.loads(archive.read(listed))["packages"]
        }


def test_the_wheel_holds_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    top = {name.split("/")[0] for name in names}
    assert top == {"headscope", *(name for name in top if name.endswith((".data", ".dist-info")))}
    assert not [name for name in names if name.endswith((".ts", ".map", ".test.js")) or "test" in Path(name).name]


def test_jupyterlab_sees_the_extension(python: Path) -> None:
    listed = in_environment(python, "-m", "jupyterlab.labextensions", "list")
    (line,) = [line for line in listed.splitlines() if line.split()[:1] == ["headscope"]]
    assert "enabled" in line
    assert "OK" in line
    assert str(python.parents[1]) in listed


def test_the_installed_package_works_without_torch(python: Path) -> None:
    program = (
        "import sys, pathlib, headscope; folder = pathlib.Path(headscope.__file__).parent;"
        f"assert all((folder / name).is_file() for name in {BUILT!r});"
        "assert not {'torch', 'transformers'} & set(sys.modules);"
        "print(folder)"
    )
    assert str(python.parents[1]) in in_environment(python, "-c", program)


def test_the_extension_and_the_package_have_the_same_version(python: Path) -> None:
    extension = python.parents[1] / "share" / "jupyter" / "labextensions" / "headscope" / "package.json"
    program = "import headscope; print(headscope.__version__)"
    assert in_environment(python, "-c", program).split() == [json.loads(extension.read_text())["version"]]


def test_the_installed_package_saves_and_loads_without_torch(python: Path, tmp_path: Path) -> None:
    program = (
        "import sys, numpy as np, headscope as hs;"
        "capture = hs.from_attentions([np.full((2, 3, 3), 1 / 3, np.float32)], ['a', 'b', 'c']);"
        "capture.save(sys.argv[1]); loaded = hs.load(sys.argv[1]); loaded.explorer();"
        "assert np.allclose(loaded.weights(layer=0, head=1), 1 / 3);"
        "assert not {'torch', 'transformers'} & set(sys.modules);"
        "print(hs.__file__)"
    )
    printed = in_environment(python, "-c", program, str(tmp_path / "x.attn.safetensors"))
    assert str(python.parents[1]) in printed
