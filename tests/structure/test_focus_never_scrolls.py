"""The rule that moving the focus scrolls only what a reader can scroll: see `src/dom/focus.ts`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def scrolling_calls(text: str) -> list[str]:
    """Return the calls of `focus()` that leave scrolling to the browser."""
    return re.findall(r"\.focus\(\s*\)", text)


def test_no_source_lets_the_browser_scroll_to_the_focus() -> None:
    """VS Code shows all outputs in one page as high as the notebook; scrolling it shifts them against their cells."""
    sources = [path for path in (ROOT / "src").rglob("*.ts") if not path.name.endswith(".test.ts")]
    found = {path.name for path in sources if scrolling_calls(path.read_text(encoding="utf-8"))}
    assert found == set()


@pytest.mark.parametrize("text", ["button.focus();", "token?.focus( )"])
def test_the_rule_finds_such_calls(text: str) -> None:
    """The rule would notice a call."""
    assert scrolling_calls(text)
