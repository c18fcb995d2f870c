"""A browser test that keeps a promise and fails before it awaits it would cause a second error, of no test."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

KEPT = re.compile(
    r"\b(?:const|let) \w+ = (?!await\b|later\b|async\b)"
    r"(?:\w+(?:\(\))?\.)*(?:kernel|command|run|runAll|saveNotebook|openNotebook\w*|waitFor\w+)\("
)
"""A promise of what takes its time, kept for later without `later` of the harness."""


def kept(text: str) -> list[str]:
    """Return what a test keeps without `later`."""
    return KEPT.findall(text)


def test_promises_that_are_awaited_later_are_marked() -> None:
    files = sorted((ROOT / "ui-tests").glob("*.ts"))
    texts = [path.read_text() for path in files]
    assert sum(text.count("= later(") for text in texts) > 5
    assert {path.name: found for path, text in zip(files, texts, strict=True) if (found := kept(text))} == {}


@pytest.mark.parametrize(
    "line",
    [
        'const cell = kernel(page, "1");',
        'const file = page.waitForEvent("download");',
        'const opened = page.context().waitForEvent("page");',
        'let cell = notebook.run("1");',
        'const cell = kernel(page, "1").then(() => true);',
    ],
)
def test_a_kept_promise_is_found(line: str) -> None:
    assert kept(line)
    assert not kept(line.replace("= ", "= await "))
    assert not kept(line.replace("= ", "= later("))
