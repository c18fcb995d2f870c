"""A short list of what failed in a run, which its end shows even where a log's middle was cut."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

MOST_LINES = 60
"""The most lines of a list."""

LINES_EACH = 6
"""The most lines of a failure's message."""

WIDTH = 240
"""The most characters of a line."""

UNHANDLED = re.compile(r"^\W*Unhandled (Rejection|Error)\W*$", re.MULTILINE)
"""Vitest's heading of an error that belongs to no test."""


FRAME = "\N{HEAVY RIGHT-POINTING ANGLE QUOTATION MARK ORNAMENT}"
"""Vitest's mark of a line of a trace."""


@dataclass(frozen=True)
class Failure:
    """A failed test, or a check that failed outside of any test, and lines about why."""

    title: str
    lines: tuple[str, ...]


def failures(check: str, report: Path | None, output: str) -> list[Failure]:
    """Return the failed tests in a failed check's report (JUnit XML), or else the check itself with its last output."""
    found = [] if report is None else [_failure(check, case) for case in cases_of(report) if _reasons(case)]
    return found or [Failure(check, tuple(_outside(output)))]


def cases_of(report: Path) -> list[ElementTree.Element]:
    """Return the test cases of a report; none if it is missing or was not written to its end."""
    try:
        return list(ElementTree.parse(report).iter("testcase"))
    except (OSError, ElementTree.ParseError):
        return []


def listed(found: Sequence[Failure], heading: str = "What failed:") -> str:
    """Return a text of at most `MOST_LINES` lines about failures, with fewer lines each where there are many."""
    shown = found[: MOST_LINES - 2]  # besides them, a heading and a line about the rest
    room = (MOST_LINES - 2 - len(shown)) // max(len(shown), 1)
    lines = [heading]
    for failure in shown:
        lines += [failure.title, *(f"    {line}" for line in failure.lines[: min(room, LINES_EACH)])]
    if len(found) > len(shown):
        lines.append(f"... and {len(found) - len(shown)} more.")
    return "\n".join(line if len(line) <= WIDTH else f"{line[: WIDTH - 4]} ..." for line in lines)


def _reasons(case: ElementTree.Element) -> list[ElementTree.Element]:
    return [*case.findall("failure"), *case.findall("error")]


def _failure(check: str, case: ElementTree.Element) -> Failure:
    title = " ".join(f"{check}: {case.get('classname', '')} > {case.get('name', '')}".split())
    reasons = [_message(reason, case.get("classname", "")) for reason in _reasons(case)]
    each = max(LINES_EACH // len(reasons), 1)
    return Failure(title, tuple(line for lines in reasons for line in lines[:each]))


def _message(reason: ElementTree.Element, file: str) -> list[str]:
    """Return the place and the message of a failure without the rest of its trace, the most important lines first."""
    lines = _written(reason.text or "") or _written(reason.get("message", ""))
    if raised := [line for line in lines if line.startswith("E ")]:  # pytest's mark
        return [lines[0], *(line.removeprefix("E").strip() for line in raised)]
    said = [line for line in lines if not line.lstrip().startswith(FRAME)]
    trace = [line.strip() for line in lines if line.lstrip().startswith(FRAME)]
    places = [line for line in trace if file in line] or trace
    return [*said[:1], *places[:1], *said[1:]]


def _outside(output: str) -> list[str]:
    """Return the lines of an output that most likely say why a check failed outside of any test."""
    if heading := UNHANDLED.search(output):
        return _written(output[heading.end() :])
    return _written(output)[-LINES_EACH:]


def _written(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines() if line.strip()]
