"""Tests wait for states or count steps; with a clock they would fail on slow machines or waste time on fast ones."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

TYPESCRIPT = re.compile(
    r"waitForTimeout|setInterval\(|timers/promises|\bsleep\(|Date\.now\(|performance\.now\("
    r"|setTimeout\([^;\n]*,\s*[\w.]+\s*\)"  # without a delay it is a turn of the event loop
)
PYTHON = re.compile(r"\bsleep\((?!0\))|\b(?:monotonic|perf_counter|process_time)(?:_ns)?\(|\btime\.time(?:_ns)?\(")

EXCEPTIONS = {
    "testing/clock.ts": "moves a clock that it has stopped",
    "tests/harness/test_ends.py": "looks again and again for a file of the nursery",
    "tests/structure/test_no_clocks.py": "names what is forbidden",
    "tests/tools/test_run_tests.py": "looks again and again for the files of its checks",
    "tests/tools/test_supervise.py": "the commands that it supervises look for a file again and again",
    "tests/widgets/test_subshells_in_kernel.py": "the cell that keeps the kernel busy looks for a file again and again",
    "ui-tests/recovery.test.ts": "the cell that keeps the kernel busy looks for a file again and again",
    "ui-tests/selection.test.ts": "the cell that keeps the kernel busy looks for a new value again and again",
    "ui-tests/vscode-kernel.test.ts": "the cell that keeps the kernel busy looks for a file again and again",
    "ui-tests/harness/jupyter.ts": "asks a server again and again whether it answers, up to a limit",
    "ui-tests/harness/notebook.ts": "looks again and again for the notebook in JupyterLab, up to a limit",
    "ui-tests/harness/nursery.ts": "looks again and again for the nursery's socket, up to a limit",
    "ui-tests/harness/tethered.py": "gives a server time to end by itself before it is killed",
    "ui-tests/harness/view.ts": "looks at a view's state again and again, up to a limit",
}
"""Files that may use a clock, and the reason: to poll for a state, never to let time pass."""


def files_of_tests() -> list[Path]:
    """Return all tests and their support files."""
    found = list((ROOT / "src").rglob("*.test.ts"))
    for folder in ("testing", "tests", "ui-tests"):
        found += [path for suffix in ("py", "ts", "js", "mjs") for path in (ROOT / folder).rglob(f"*.{suffix}")]
    return sorted(path for path in found if "node_modules" not in path.parts)


def clocks(path: Path) -> list[str]:
    """Return the lines in a file that use a clock."""
    forbidden = PYTHON if path.suffix == ".py" else TYPESCRIPT
    return [line.strip() for line in path.read_text().splitlines() if forbidden.search(line) or PYTHON.search(line)]


def test_no_test_waits_for_a_clock() -> None:
    found = {path.relative_to(ROOT).as_posix(): clocks(path) for path in files_of_tests()}
    assert len(found) > 250
    assert {name: lines for name, lines in found.items() if lines and name not in EXCEPTIONS} == {}
    assert [name for name in EXCEPTIONS if not found.get(name)] == []


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("a.test.ts", "await page.waitForTimeout(600);"),
        ("a.test.ts", "await new Promise((done) => setTimeout(done, 100));"),
        ("a.test.ts", "setTimeout(() => left.abort(), REST);"),
        ("a.test.ts", "while (Date.now() < until);"),
        ("a.test.ts", "const timer = setInterval(() => turns++, 1);"),
        ("a.test.ts", 'kernel(page, "time.sleep(1)");'),
        ("test_a.py", "time.sleep(0.1)"),
        ("test_a.py", "began = time.monotonic()"),
    ],
)
def test_a_clock_is_found(tmp_path: Path, name: str, line: str) -> None:
    (tmp_path / name).write_text(f"first line\n{line}\n")
    assert clocks(tmp_path / name) == [line]


@pytest.mark.parametrize("line", ["await new Promise((done) => setTimeout(done));", "vi.advanceTimersByTime(50);"])
def test_a_turn_of_the_event_loop_is_no_clock(tmp_path: Path, line: str) -> None:
    (tmp_path / "a.test.ts").write_text(line)
    assert clocks(tmp_path / "a.test.ts") == []
