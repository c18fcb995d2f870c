"""What is known of a check that was stopped: the tests that ended, and the files of which none did."""

from __future__ import annotations

from pathlib import Path

from failures import LINES_EACH, WIDTH, listed
from unfinished import FAILED, PASSED, ended, not_run, unfinished

OUTPUT = f"""
 RUN  v3.2.7

 {PASSED} ui-tests/head.test.ts > lab: a > b 1200ms
 {FAILED} ui-tests/text.test.ts > c 900ms
   → expected 1 to be 2
 {PASSED} ui-tests/text.test.ts > d 2ms
"""
"""As vitest's verbose reporter prints it."""


def test_ended_tests_are_counted() -> None:
    assert ended(OUTPUT) == (2, 1)
    assert ended("") == (0, 0)


def test_files_without_an_ended_test_did_not_run() -> None:
    root = Path("/project")
    files = [root / "ui-tests" / f"{name}.test.ts" for name in ("tour", "head", "aids", "text")]
    assert not_run(files, OUTPUT, root) == ["aids.test.ts", "tour.test.ts"]


def test_every_file_that_did_not_run_is_named_in_few_lines() -> None:
    names = [f"a-long-name-{number}.test.ts" for number in range(30)]
    lines = listed([unfinished("browser", "Stopped.", names)], "Not finished:").splitlines()
    assert lines[:3] == ["Not finished:", "browser", "    Stopped."]
    assert len(lines) <= 2 + LINES_EACH
    assert max(map(len, lines)) <= WIDTH
    assert " ".join(line.strip() for line in lines[3:]) == f"Not run: {', '.join(names)}"
