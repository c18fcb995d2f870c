"""The part of docs/models.md about every model type: written from outcomes, and read again by a test."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from zoo.every.judge import Outcome

BAD = ("wrong", "crash", "unjudged")
ORDER = (*BAD, "refused", "noted", "exact", "broken")
"""Results from the worst to the best: a type has the worst of its cases. What can't be run counts if nothing can."""
HEADINGS = {
    "exact": "### Exact",
    "noted": "### Exact, with a note",
    "refused": "### Refused",
    "wrong": "### Wrong",
    "broken": "### Not run",
}
APART = 1e-4
"""From this difference on, transformers' eager run is another one than the run as loaded."""
INTRODUCTION = """
## Every model type

Each of the {types} model types of transformers {version} is built as small as its config allows, with random weights
and sharp attention: {built} of them run. Every weight of every capture is compared with what the model computed as it
is loaded: the attention function that it calls is called once more with an identity matrix in place of the values, so
that its output is its weights. The inputs are one text, image or sound, a row of a batch, padding on the left and on
the right, an image within a text, and generated text against the decoding steps. A difference below 1e-5 is exact;
where scores are so large that float32 itself is further off, float64 decides.
"""


def result_of(outcomes: Iterable[Outcome]) -> str:
    """Return the result of a type from those of its cases."""
    found = {outcome.result for outcome in outcomes}
    worst = next(result for result in ORDER if result in found)
    return "wrong" if worst in BAD else worst


def by_kind(outcomes: Iterable[Outcome]) -> dict[str, list[Outcome]]:
    """Return the outcomes of each type."""
    kinds: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        kinds.setdefault(outcome.kind, []).append(outcome)
    return kinds


def section(outcomes: Sequence[Outcome], version: str) -> str:
    """Return the part of the document about every type."""
    kinds = by_kind(outcomes)
    results = {kind: result_of(found) for kind, found in kinds.items()}
    built = sum(result != "broken" for result in results.values())
    parts = [INTRODUCTION.format(types=len(kinds), version=version, built=built)]
    for result, heading in HEADINGS.items():
        listed = {kind: found for kind, found in kinds.items() if results[kind] == result}
        if listed:
            parts.append(f"\n{heading}\n\n{_exact(listed) if result == 'exact' else _reasons(listed, result)}")
    parts += [_apart(kinds), f"\n{counts(outcomes)}\n"]
    return "".join(parts)


def counts(outcomes: Iterable[Outcome]) -> str:
    """Return the sentence that a run ends with: the number of cases of each result."""
    number = Counter(outcome.result for outcome in outcomes)
    wrong = sum(number[result] for result in BAD)
    return f"exact {number['exact']}, noted {number['noted']}, refused {number['refused']}, wrong {wrong}"


def _exact(kinds: dict[str, list[Outcome]]) -> str:
    tiers: dict[str, list[str]] = {}
    for kind, found in kinds.items():
        used = sorted({tier for outcome in found for tier in outcome.tiers})
        tiers.setdefault(" and ".join(map(str, used)), []).append(f"`{kind}`")
    return (
        "\n".join(f"- **Tier {tier}** ({len(names)}): {', '.join(names)}" for tier, names in sorted(tiers.items()))
        + "\n"
    )


def _reasons(kinds: dict[str, list[Outcome]], result: str) -> str:
    lines = ["| type | cases | why |", "|---|---|---|"]
    for kind, found in kinds.items():
        cases = [outcome for outcome in found if outcome.result in (BAD if result == "wrong" else (result,))]
        whole = len(cases) == len([outcome for outcome in found if outcome.result != "broken"]) or result == "broken"
        names = sorted({f"{outcome.model} ({outcome.form})" if outcome.form else outcome.model for outcome in cases})
        lines.append(f"| `{kind}` | {'all' if whole else _few(names)} | {_why(cases[0], result)} |")
    return "\n".join(lines) + "\n"


def _few(names: list[str]) -> str:
    return ", ".join(names[:2]) + (f" and {len(names) - 2} more" if len(names) > 2 else "")


def _why(outcome: Outcome, result: str) -> str:
    notes = [note for note in outcome.notes if ": " in note.split(" ran ")[0]] or list(outcome.notes)
    text = outcome.why if result != "noted" else (notes[0] + (f" ({len(notes) - 1} more)" if len(notes) > 1 else ""))
    text = re.sub(r"^StrictDataclass\w+: .*?(ValueError|TypeError): ", "", text)
    text = re.sub(r" Weights that you have yourself can be shown with .*", "", text)
    return " ".join(text.replace("|", "/").split())[:200]


def _apart(kinds: dict[str, list[Outcome]]) -> str:
    rows = [(kind, max(outcome.eager for outcome in found)) for kind, found in kinds.items()]
    rows = [(kind, apart) for kind, apart in rows if apart > APART]
    if not rows:
        return ""
    lines = [f"| `{kind}` | {'another shape' if apart > 2 else f'{apart:.2f}'} |" for kind, apart in rows]
    return (
        "\n### Where eager attention differs\n\nOf these types, transformers' own runs with eager attention have other "
        "weights than those as loaded; a\ncapture shows the run as loaded.\n\n"
        "| type | largest difference |\n|---|---|\n" + "\n".join(lines) + "\n"
    )


def results_in(document: str) -> dict[str, str]:
    """Parse the results of a written document, by type."""
    found: dict[str, str] = {}
    for result, heading in HEADINGS.items():
        _, _, rest = document.partition(f"{heading}\n")
        part = re.split(r"^#|^exact \d", rest, maxsplit=1, flags=re.MULTILINE)[0]
        names = (
            re.findall(r"`([^`]+)`", part) if result == "exact" else re.findall(r"^\| `([^`]+)`", part, re.MULTILINE)
        )
        found |= dict.fromkeys(names, result)
    return found
