"""Write the comparison with peers as Markdown."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from attentions import SHARP_ROWS_NOTE, VECTORS_NOTE
from machine import versions
from pages import MAKERS, Subject, View
from table import markdown, short, size, spread, times

NAMES: dict[Subject, str] = {
    "bertviz": "BertViz",
    "circuitsvis": "CircuitsVis",
    "inspectus": "Inspectus",
    "headscope": "Headscope",
}
VIEWS: tuple[View, ...] = ("head", "model", "matrix", "neuron")
ACTIONS: dict[View, dict[str, str]] = {
    "head": {"layer": "layer switch", "head": "head toggle", "hover": "hover"},
    "model": {"open": "open a head", "hover": "hover in it"},
    "matrix": {"layer": "layer switch", "head": "head switch"},
    "neuron": {"layer": "layer switch", "head": "head switch"},
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
            if the page reported an error, not being one that was given up, or, being Headscope's, wanted anything from
            a network.
        """
        self.visits.append(visit)
        gave_up = bool(visit["failure"]) and visit["failure"].startswith((">", "crashed"))
        is_own = self.subject == "headscope"
        complains = bool(visit["errors"]) and (is_own or not gave_up)
        if (visit["failure"] and not gave_up) or complains or (is_own and any(visit["requests"].values())):
            raise RuntimeError(f"{self.progress()}; errors {visit['errors']}; requests {visit['requests']}")

    def give_up(self) -> None:
        """Note that fewer tokens already took too long."""
        self.visits.append({"step": "first", "failure": "not tried: fewer took too long", "errors": []})

    @property
    def failure(self) -> str | None:
        """How the last visit failed, if it did."""
        return self.visits[-1]["failure"] if self.visits else None

    @property
    def first(self) -> list[float]:
        """Milliseconds to the first complete paint, one for each visit."""
        return [visit["first"] for visit in self.visits if "first" in visit]

    @property
    def seconds(self) -> float:
        """Total seconds of the visits, without waiting and measuring memory."""
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
    ours = {one.tokens: one for one in measured if one.subject == "headscope"}
    rows = [
        _ratio_row(view, theirs, ours[theirs.tokens])
        for theirs in measured
        if theirs.subject != "headscope" and theirs.tokens in ours
    ]
    return markdown(["tokens", "page", "HTML", "first paint", *ACTIONS[view].values(), "JS heap", "elements"], rows)


def _ratio_row(view: View, theirs: Measured, ours: Measured) -> list[str]:
    names = ["first", *ACTIONS[view], "heap", "elements"]
    ratios = [_ratio(theirs, ours, name) for name in names]
    return [f"{theirs.tokens}", NAMES[theirs.subject], times(theirs.nbytes, ours.nbytes), *ratios]


def _ratio(theirs: Measured, ours: Measured, name: str) -> str:
    if theirs.failure and theirs.visits[-1]["step"] == name:
        return "gave up"
    return times(_middle(theirs, name), _middle(ours, name))


def _middle(one: Measured, name: str) -> float | None:
    values = one.first if name == "first" else one.all(name)
    return median(values) if values else None


def view_text(view: View, measured: Sequence[Measured]) -> str:
    """Lay out the measurements of a view: every figure, and how many times smaller Headscope's is than each peer's."""
    tables = [_view_table(view, measured), "How many times less Headscope takes:", _ratio_table(view, measured)]
    return "\n\n".join([f"## {view.capitalize()} view", *tables])


def ratios_text(view: View, measured: Sequence[Measured], conditions: Mapping[str, str]) -> str:
    """Lay out the ratios that other pages quote."""
    command = f"{conditions['machine']}. Command: `{conditions['command']}`"
    return f"### {view.capitalize()} view: how many times less\n\n{_ratio_table(view, measured)}\n\n{command}"


PAGES: dict[View, str] = {
    "head": 'What `html_action="return"` gives, both from the same weights.',
    "model": 'What `html_action="return"` gives, both from the same weights.',
    "matrix": """\
Headscope's matrix view and Inspectus' default charts have all layers and heads; CircuitsVis' `attention_heads`, which
  knows no layers, has the heads of layer 0 alone, a share of what the others carry. A head switch: in Headscope a head
  more or less among those shown side by side, in CircuitsVis the pointer on another small map, in Inspectus a click on
  its number.""",
    "neuron": """\
Both from the same queries and keys of 64 dimensions. BertViz's own way there is a model of its own (BERT, GPT-2,
  RoBERTa, from a network, with boto3); here its `show` is given a model that returns the vectors. Both open with layer
  0, head 0.""",
}
PACKAGES = ("bertviz", "circuitsvis", "inspectus", "headscope", "torch")
DONE: dict[Subject, str] = {
    "bertviz": "that every line is in the page",
    "circuitsvis": "that each of its canvases has pixels, and the large one others than before",
    "inspectus": "that every cell is there, and tells another weight than before",
    "headscope": 'that the view says `data-state="ready"`, and `data-layer` what was asked for',
}


def conditions_text(
    view: View,
    maxima: Mapping[int, tuple[float, float, float]],
    conditions: Mapping[str, str],
    args: argparse.Namespace,
) -> str:
    """Describe how a view was measured."""
    peaks = "; ".join(f"{n} tokens: {low:.2f}, {mid:.2f}, {high:.2f}" for n, (low, mid, high) in maxima.items())
    done = "; ".join(f"{NAMES[subject]}, {DONE[subject]}" for subject in args.subjects if (subject, view) in MAKERS)
    tensors = VECTORS_NOTE if view == "neuron" else SHARP_ROWS_NOTE
    return f"""
Median (least-greatest) of up to {args.visits} loads of each page, and of up to {args.repeats} times each action a load,
in turns; no more repeats once a page has taken {args.budget:g} s. `> {args.limit:g} s`: given up. A page is not tried
where half as many tokens took more than half of that.

- **Pages**: {args.layers} layers x {args.heads} heads. {PAGES[view]}
  BertViz's requests to its CDN are answered on the spot from npm (require.js 2.3.6, d3 5.7.0; jQuery 2.1.4, for npm
  lacks 2.0.0), which spares it the network. The others make none.
- **First paint**: from the start of the navigation until the drawing is complete and two animation frames have passed.
  **Actions**: from the event until the page shows what it asks for, and two frames: 17 to 33 ms, so nothing can be
  faster than that. Complete is: {done}. A load of an empty page takes {conditions["empty"]}.
- **JS heap**: live objects after a collection, without typed arrays. **Renderer**: resident memory of the page's
  process, with everything. **Elements**: DOM elements of the page.
- **Tensors**: {tensors}. Seeded. Largest weight of a row, 10 %, 50 % and 90 % quantile: {peaks}
  (MiniLM on 90 tokens of English prose: 0.06, 0.27, 0.73).

Chromium {conditions["chromium"]}, headless, software rendering; {versions(*PACKAGES)}.
{conditions["machine"]}. Command: `{conditions["command"]}`
"""
