"""Metadata for registries, GitHub and editors follows its schemas and is consistent."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from ruamel.yaml import YAML
from trove_classifiers import classifiers as known_classifiers
from validate_pyproject.api import Validator

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
GITHUB = ROOT / ".github"
PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT: dict[str, Any] = PYPROJECT["project"]
PACKAGE: dict[str, Any] = json.loads((ROOT / "package.json").read_text())
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
FORMS = sorted(path for path in (GITHUB / "ISSUE_TEMPLATE").glob("*.yml") if path.name != "config.yml")
SCHEMAS = {
    "vendor.github-workflows": WORKFLOWS,
    "custom.github-workflows-require-timeout": WORKFLOWS,
    "vendor.github-issue-forms": FORMS,
    "vendor.github-issue-config": [GITHUB / "ISSUE_TEMPLATE" / "config.yml"],
    "vendor.dependabot": [GITHUB / "dependabot.yml"],
    "vendor.citation-file-format": [ROOT / "CITATION.cff"],
}
"""The files that each schema of check-jsonschema applies to."""

UNPINNED = {"models", "packages", "peers", "transformers-4-57", "constraints"}
"""Dependency groups that are installed without constraints.txt."""


def read_yaml(path: Path) -> dict[str, Any]:
    """Return the mapping in a YAML file."""
    return dict(YAML(typ="safe", pure=True).load(path))


def requirements(entries: list[Any]) -> list[Requirement]:
    """Return the requirements of a list of dependencies, without those of included groups."""
    return [Requirement(entry) for entry in entries if isinstance(entry, str)]


def pinned_requirements() -> list[Requirement]:
    """Return every dependency whose version constraints.txt pins."""
    lists = [PROJECT["dependencies"], *PROJECT["optional-dependencies"].values(), PYPROJECT["build-system"]["requires"]]
    groups = [entries for name, entries in PYPROJECT["dependency-groups"].items() if name not in UNPINNED]
    hook = PYPROJECT["tool"]["hatch"]["build"]["hooks"]["jupyter-builder"]["dependencies"]
    return [found for entries in (*lists, *groups, hook) for found in requirements(entries)]


def constraints() -> dict[str, set[str]]:
    """Return the versions in constraints.txt by package."""
    versions: dict[str, set[str]] = {}
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    for constraint in requirements([line for line in lines if not line.startswith("#")]):
        (pin,) = constraint.specifier
        versions.setdefault(canonicalize_name(constraint.name), set()).add(pin.version)
    return versions


def test_pyproject_follows_its_standards() -> None:
    Validator()(PYPROJECT)


def test_classifiers_exist_and_name_each_python_version() -> None:
    assert set(PROJECT["classifiers"]) <= known_classifiers
    assert len(set(PROJECT["classifiers"])) == len(PROJECT["classifiers"])
    named = re.findall(r"Python :: (3\.\d+)$", "\n".join(PROJECT["classifiers"]), re.MULTILINE)
    supported = SpecifierSet(PROJECT["requires-python"])
    assert supported.contains(named[0])
    assert not supported.contains(f"3.{int(named[0][2:]) - 1}")
    matrix = read_yaml(GITHUB / "workflows" / "test.yml")["jobs"]["python"]["strategy"]["matrix"]
    assert matrix["python"] == named
    assert len(matrix["os"]) >= 2


def test_the_package_is_marked_as_typed() -> None:
    assert "Typing :: Typed" in PROJECT["classifiers"]
    assert (ROOT / "python" / "headscope" / "py.typed").is_file()


@pytest.mark.parametrize("schema", SCHEMAS)
def test_files_follow_their_schema(schema: str) -> None:
    files = [str(path) for path in SCHEMAS[schema]]
    assert files
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *files]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_pre_commit_configuration_is_valid_and_runs_what_exists() -> None:
    path = ROOT / ".pre-commit-config.yaml"
    command = [sys.executable, "-m", "pre_commit", "validate-config", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    for hook in read_yaml(path)["repos"][0]["hooks"]:
        words = [word for word in hook["entry"].split() if "/" in word]
        assert words
        assert [word for word in words if not (ROOT / word).exists()] == []


def test_every_address_leads_to_one_repository() -> None:
    repository = PROJECT["urls"]["Repository"]
    assert {"Homepage", "Documentation", "Repository", "Issues", "Changelog"} <= set(PROJECT["urls"])
    assert all(url.startswith(repository) for url in PROJECT["urls"].values())
    assert PACKAGE["homepage"] == PROJECT["urls"]["Homepage"]
    assert PACKAGE["bugs"]["url"] == PROJECT["urls"]["Issues"]
    assert PACKAGE["repository"]["url"] == f"git+{repository}.git"
    assert read_yaml(ROOT / "CITATION.cff")["repository-code"] == repository


def test_name_licence_version_and_description_are_the_same_everywhere() -> None:
    citation = read_yaml(ROOT / "CITATION.cff")
    assert PACKAGE["name"] == PROJECT["name"]
    assert PACKAGE["license"] == PROJECT["license"] == citation["license"]
    assert PACKAGE["version"] == citation["version"]
    assert PACKAGE["description"] == PROJECT["description"]
    assert re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)[1] == PACKAGE["version"]


def test_a_dependency_has_the_same_range_wherever_it_is_named() -> None:
    ranges: dict[str, set[SpecifierSet]] = {}
    for requirement in pinned_requirements():
        ranges.setdefault(canonicalize_name(requirement.name), set()).add(requirement.specifier)
    assert {name: found for name, found in ranges.items() if len(found) > 1} == {}


def test_dependencies_are_declared_in_pyproject_alone() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    others = re.compile(r"(^|/)(requirements[^/]*\.(txt|in)|setup\.(py|cfg)|environment\.ya?ml|Pipfile)$")
    assert [name for name in tracked if others.search(name)] == []


def test_constraints_pin_every_dependency_within_its_range() -> None:
    versions = constraints()
    for requirement in pinned_requirements():
        pinned = versions.get(canonicalize_name(requirement.name), set())
        assert pinned, f"{requirement.name} is not in constraints.txt: run make constraints"
        assert [version for version in pinned if not requirement.specifier.contains(version)] == [], requirement


def test_workflows_name_checks_that_exist() -> None:
    steps = [step for path in WORKFLOWS for job in read_yaml(path)["jobs"].values() for step in job["steps"]]
    named = {
        name for step in steps for found in re.findall(r'ARGS="(.*)"', step.get("run", "")) for name in found.split()
    }
    command = [sys.executable, "tools/run_tests.py", "no-such-check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    known = set(re.findall(r"[\w-]+", done.stdout.partition("The checks are:")[2]))
    assert named
    assert named <= known


def test_releases_are_published_without_a_stored_token() -> None:
    text = (GITHUB / "workflows" / "release.yml").read_text()
    publish = read_yaml(GITHUB / "workflows" / "release.yml")["jobs"]["publish"]
    assert publish["permissions"]["id-token"] == "write"
    assert any("pypi-publish" in step["uses"] for step in publish["steps"])
    assert "secrets." not in text


@pytest.mark.parametrize("lock", ["package-lock.json", "benchmarks/package-lock.json"])
def test_every_locked_package_has_its_checksum(lock: str) -> None:
    packages = json.loads((ROOT / lock).read_text())["packages"]
    assert [name for name, one in packages.items() if name and not one.get("link") and "integrity" not in one] == []
