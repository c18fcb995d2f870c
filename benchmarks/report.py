"""The comparison with BertViz as a Markdown file."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from attentions import SHARP_ROWS_NOTE
from machine import versions
from pages import Subject, View
from table import markdown, short, size, spread, times

NAMES: dict[Subject, str] = {"bertviz": "BertViz", "headscope": "Headscope"}
ACTIONS: dict[View, dict[str, str]] = {
    "head": {"layer": "layer switch", "head": "head toggle", "hover": "hover"},
    "model": {"open": "open a head", "hover": "hover in it"},
}


@dataclass
class Measured:
    """All visits to one page."""

    subject: Subject
    view: View
    tokens: int
    nbytes: int | None
    job: dict[str, Any]
    visits: list[dict[str, Any]] = field(default_factory=list)

    def add(self, visit: dict[str, Any]) -> None:
        """Keep one visit.

        Raises
        ------
        RuntimeError
            If the visit failed otherwise than by its limit or a crash of the page: the measurement is at fault then. Or
            if the page reported an error or, being Headscope's, wanted anything from a network.
        """
        self.visits.append(visit)
        told = visit["failure"] and not visit["failure"].startswith((">", "crashed"))
        if told or visit["errors"] or (self.subject == "headscope" and any(visit["requests"].values())):
            raise RuntimeError(f"{self.progress()}; errors {visit['errors']}; requests {visit['requests']}")

    def give_up(self) -> None:
        """Note that fewer tokens took too long already."""
        self.visits.append({"step": "first", "failure": "not tried: fewer took too long", "errors": []})

    @property
    def failure(self) -> str | None:
        """How the last visit ended before its time, if it did."""
        return self.visits[-1]["failure"] if self.visits else None

    @property
    def first(self) -> list[float]:
        """Milliseconds to the first complete paint, one a visit."""
        return [visit["first"] for visit in self.visits if "first" in visit]

    @property
    def seconds(self) -> float:
        """Seconds that the visits took in all, waiting and memory not counted."""
        return (
            sum(self.first + [value for name in ("layer", "head", "hover", "open") for value in self.all(name)]) / 1e3
        )

    def all(self, name: str) -> list[float]:
        """Return every measurement of an action, in milliseconds, or of `heap`, `renderer`, `elements`."""
        found = [visit[name] for visit in self.visits if name in visit]
        return [value for one in found for value in (one if isinstance(one, list) else [one])]

    def cell(self, name: str, unit: str) -> str:
        """Write a column: a median with its range, or how the page failed."""
        values = self.first if name == "first" else self.all(name)
        if values:
            return spread(values, unit)
        failed = self.visits[-1]["step"] if self.failure else None
        return f"{self.failure}" if failed == name else "-"

    def middle(self, name: str, unit: str = "") -> str:
        """Write a column that hardly varies: the median alone."""
        return f"{short(median(self.all(name)))}{unit}" if self.all(name) else "-"

    def progress(self) -> str:
        """Describe what has been measured so far, in one line."""
        said = self.failure or f"{sum(self.first[-1:]):.0f} ms to the first paint"
        return f"{self.view} view, {self.tokens} tokens, {NAMES[self.subject]}: {said}"


def _view_table(view: View, measured: Sequence[Measured]) -> str:
    head = ["tokens", "page", "HTML", "first paint", *ACTIONS[view].values(), "JS heap", "renderer", "elements"]
    rows = []
    for one in measured:
        actions = [one.cell(name, "ms") for name in ACTIONS[view]]
        memory = [one.middle("heap", " MB"), one.middle("renderer", " MB"), one.middle("elements")]
        html = size(one.nbytes) if one.nbytes else "-"
        rows.append([f"{one.tokens}", NAMES[one.subject], html, one.cell("first", "ms"), *actions, *memory])
    return markdown(head, rows)


def _ratio_table(view: View, measured: Sequence[Measured]) -> str:
    pairs: dict[int, dict[Subject, Measured]] = {}
    for one in measured:
        pairs.setdefault(one.tokens, {})[one.subject] = one
    rows = []
    for tokens, pair in pairs.items():
        if len(pair) == 2:
            theirs, ours = pair["bertviz"], pair["headscope"]
            names = ["first", *ACTIONS[view], "heap", "elements"]
            pages = times(theirs.nbytes, ours.nbytes)
            ratios = [times(_middle(theirs, name), _middle(ours, name)) for name in names]
            rows.append([f"{tokens}", pages, *ratios])
    return markdown(["tokens", "HTML", "first paint", *ACTIONS[view].values(), "JS heap", "elements"], rows)


def _middle(one: Measured, name: str) -> float | None:
    values = one.first if name == "first" else one.all(name)
    return median(values) if values else None


def _notes(
    maxima: Mapping[int, tuple[float, float, float]], conditions: Mapping[str, str], args: argparse.Namespace
) -> str:
    empty = conditions["empty"]
    peaks = "; ".join(f"{n} tokens: {low:.2f}, {mid:.2f}, {high:.2f}" for n, (low, mid, high) in maxima.items())
    return f"""\
Median (least-greatest) of up to {args.visits} loads of each page, and of up to {args.repeats} times each action a load,
in turns between the two; no more repeats once a page has taken {args.budget:g} s. `> {args.limit:g} s`: given up.

- **Pages**: what `html_action="return"` gives, {args.layers} layers x {args.heads} heads, both from the same tensors.
  BertViz's requests to its CDN are answered on the spot from npm (require.js 2.3.6, d3 5.7.0; jQuery 2.1.4, for npm
  lacks 2.0.0), which spares it the network. Headscope makes none.
- **First paint**: from the start of the navigation until the drawing is complete and two animation frames have passed.
  Complete is, for BertViz, that every line is in the page; for Headscope, that the view says `data-state="ready"`.
- **Actions**: from the event until the page shows what it asks for (every line replaced, `data-layer`) and two frames
  have passed. Two frames are 17 to 33 ms, so nothing can be faster than that. A load of an empty page takes {empty}.
- **JS heap**: live objects after a collection, without typed arrays. **Renderer**: resident memory of the page's
  process, with everything. **Elements**: DOM elements of the page.
- **Tensors**: {SHARP_ROWS_NOTE}. Seeded. Largest weight of a row, 10 %, 50 % and 90 % quantile: {peaks}
  (MiniLM on 90 tokens of English prose: 0.06, 0.27, 0.73).

Chromium {conditions["chromium"]}, headless, software rendering; {versions("bertviz", "headscope", "torch")}.
{conditions["machine"]}.
Command: `{conditions["command"]}`
"""


def write_report(
    measured: Sequence[Measured],
    maxima: Mapping[int, tuple[float, float, float]],
    conditions: Mapping[str, str],
    args: argparse.Namespace,
) -> str:
    """Write the report to `args.out` and return it."""
    parts = ["# Headscope and BertViz 1.4.1, side by side\n"]
    for view in args.views:
        part = [one for one in measured if one.view == view]
        title = f"## {view.capitalize()} view\n"
        parts += [title, _view_table(view, part), "\nHow many times less:\n", _ratio_table(view, part), ""]
    parts += ["## Conditions\n", _notes(maxima, conditions, args)]
    text = "\n".join(parts)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(text, encoding="utf-8")
    return text
