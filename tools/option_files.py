"""The files that `tools/contract.py` generates from the table of options."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Callable, Iterable, Sequence

from headscope.contract import ViewKind
from headscope.options import VIEWS, Option

Options = Sequence[Option]
Spelling = Callable[[object], str]
"""Returns the TypeScript spelling of a Python type."""

TYPESCRIPT_HEAD = "// Generated from python/headscope/options.py by `npm run contract`. Do not edit."

ROWS = """/** The names of a kind of view. */
export interface ViewRow {
  /** The heading. */
  readonly title: string;
  /** The label of a button. */
  readonly short: string;
  /** The name of the `Capture` method in Python. */
  readonly call: string;
  /** Whether it shows every head of every layer, from overviews. */
  readonly hasGrid: boolean;
}

export type OptionGroup = "place" | "aid" | "look";

/** One option of the views. */
export interface OptionRow<K extends keyof SnapshotState = keyof SnapshotState> {
  /** The name in Python, in traits and in saved states. */
  readonly name: K;
  /** The name of the signal. */
  readonly signal: string;
  readonly group: OptionGroup;
  readonly kind: OptionKind;
  /** The values of a `choice`. */
  readonly choices?: readonly string[];
  readonly default: SnapshotState[K];
  /** The views whose call takes it. */
  readonly views: readonly ViewKind[];
  /** The JupyterLab setting that applies if neither the call nor the reader sets the option. */
  readonly setting?: string;
}"""

GROUPS = {
    "place": ("PlaceSignals", "The selection: the place of a view, or of the views that follow a capture."),
    "aid": ("AidSignals", "The reading aids of one view, which leave out or merge something."),
    "look": ("LookSignals", "What else one view shows, and how."),
}


def camel(name: str) -> str:
    """Return a name in the page's spelling: `top_k` becomes `topK`."""
    return re.sub(r"_(.)", lambda match: match[1].upper(), name)


def held(options: Options) -> list[Option]:
    """Return the options that hold a value."""
    return [option for option in options if option.short_for is None and not option.is_link]


def options_module(options: Options, spelling: Spelling) -> str:
    """Return the content of `src/options.gen.ts`."""
    held_options = held(options)
    names = {spelling(option.kind.value) for option in held_options if option.kind.name == "choice"}
    imported = ", ".join(sorted({*names, "SnapshotState", "ViewKind"}))
    kinds = " | ".join(f'"{name}"' for name in dict.fromkeys(option.kind.name for option in held_options))
    parts = [
        TYPESCRIPT_HEAD,
        'import type { Signal } from "@preact/signals-core";\n'
        'import type { WritableSignal } from "./core/async/map-signal";\n'
        + f'import type {{ {imported} }} from "./contract.gen";',
        f"/** `core/state/option-values.ts` has a check of values for each. */\nexport type OptionKind = {kinds};",
        ROWS,
        _views(),
        "export const VIEW_KINDS = Object.keys(VIEWS) as readonly ViewKind[];",
        _rows(held_options),
        "export const DEFAULTS = Object.fromEntries(OPTIONS.map((row) => [row.name, row.default])) as unknown as "
        "SnapshotState;",
        *(_signals(group, held_options, spelling) for group in GROUPS),
        _settings_type(held_options, spelling),
    ]
    return "\n\n".join(parts) + "\n"


def _views() -> str:
    rows = (
        f"  {kind}: {{ title: {json.dumps(view.title)}, short: {json.dumps(view.short)}, "
        f"call: {json.dumps(view.call)}, hasGrid: {json.dumps(view.has_grid)} }},\n"
        for kind, view in VIEWS.items()
    )
    doc = "/** Every kind of view, in the order in which they are listed. */"
    return f"{doc}\nexport const VIEWS: Readonly<Record<ViewKind, ViewRow>> = {{\n{''.join(rows)}}};"


def _rows(options: Options) -> str:
    doc = "/** Every option that holds a value, in the order in which calls list them. */"
    return f"{doc}\nexport const OPTIONS: readonly OptionRow[] = [\n{''.join(map(_row, options))}];"


def _row(option: Option) -> str:
    fields = {
        "name": option.name,
        "signal": camel(option.name),
        "group": option.group,
        "kind": option.kind.name,
        **({"choices": list(option.kind.choices)} if option.kind.choices else {}),
        "default": option.default,
        "views": list(option.views),
        **({"setting": option.setting.name} if option.setting else {}),
    }
    texts = (f"{name}: {_views_of(value) if name == 'views' else json.dumps(value)}" for name, value in fields.items())
    return f"  {{ {', '.join(texts)} }},\n"


def _views_of(views: object) -> str:
    return "VIEW_KINDS" if views == list(VIEWS) else json.dumps(views)


def _signals(group: str, options: Options, spelling: Spelling) -> str:
    name, doc = GROUPS[group]
    fields = (
        f"  /** {option.doc} */\n"
        f"  readonly {camel(option.name)}: {_signal(group)}<{_readonly(spelling(option.value_type))}>;\n"
        for option in options
        if option.group == group
    )
    return f"/** {doc} */\nexport interface {name} {{\n{''.join(fields)}}}"


def _signal(group: str) -> str:
    """A view's place reads and writes the signals of its capture where it has none of its own."""
    return "WritableSignal" if group == "place" else "Signal"


def _settings_type(options: Options, spelling: Spelling) -> str:
    fields = (
        f"  readonly {camel(option.name)}: {_readonly(spelling(option.value_type))};\n"
        for option in options
        if option.setting
    )
    doc = "/** The options that have a setting, which applies if neither the call nor the reader sets them. */"
    return f"{doc}\nexport interface OptionSettings {{\n{''.join(fields)}}}"


def _readonly(spelled: str) -> str:
    return spelled.replace("number[]", "readonly number[]")


KEYWORDS_HEAD = '''"""The keywords of the calls that show views, for type checkers and editors.

Generated by `npm run contract`. Do not edit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, TypedDict
'''

PLACE_DOC = "The selection, which a view owns as far as its call names it. None means all heads, or no pinned token."


def keywords_module(options: Options) -> str:
    """Return the content of `headscope/view_keywords.py`."""
    place = [option for option in options if option.group == "place"]
    shared = [option for option in options if option.group != "place" and set(option.views) == set(VIEWS)]
    own = [option for option in options if option not in place and option not in shared]
    classes = [
        _typed_dict("PlaceKeywords", "TypedDict", PLACE_DOC, place),
        _typed_dict(
            "ViewKeywords",
            "PlaceKeywords",
            "The options that every view takes. None equals leaving out one of these.",
            shared,
        ),
        *(_view_keywords(kind, own) for kind in VIEWS),
    ]
    return KEYWORDS_HEAD + "".join(f"\n\n{text}" for text in classes)


def _view_keywords(kind: ViewKind, own: Options) -> str:
    fields = [option for option in own if kind in option.views]
    return _typed_dict(
        f"{kind.title()}Keywords", "ViewKeywords", f"The options of `Capture.{VIEWS[kind].call}`.", fields
    )


def _typed_dict(name: str, base: str, doc: str, options: Options) -> str:
    fields = "".join(f"    {option.name}: {option.kind.accepts} | None\n{_docstring(option.doc)}" for option in options)
    return f'class {name}({base}, total=False):\n    """{doc}"""\n' + (f"\n{fields}" if fields else "")


def _docstring(text: str) -> str:
    """Return a docstring for a class body, in lines of at most 120 characters."""
    one_line = f'    """{text}"""\n'
    if len(one_line) <= 121 and not text.endswith('"'):
        return one_line
    return "\n".join(textwrap.wrap(f'"""{text}', 116, initial_indent="    ", subsequent_indent="    ")) + '\n    """\n'


TRAITS_HEAD = '''"""The traits of the options that belong to one view.

Generated by `npm run contract`. Do not edit.
"""

from __future__ import annotations

import traitlets as t


class OptionTraits(t.HasTraits):
    """The options that belong to one view, each synced with its pages."""

'''


def traits_module(options: Options) -> str:
    """Return the content of `headscope/widgets/option_traits.py`."""
    own = [option for option in held(options) if option.group != "place"]
    return TRAITS_HEAD + "".join(f"{_synced(option)}\n{_docstring(option.doc)}" for option in own)


def _synced(option: Option) -> str:
    """Return the line of a trait, broken as ruff does if it is too long."""
    line = f"    {option.name} = {_trait(option)}.tag(sync=True)"
    return line if len(line) <= 120 else f"{line.removesuffix('sync=True)')}\n        sync=True\n    )"


def _trait(option: Option) -> str:
    none = option.default is None
    if option.kind.name == "positions":
        return "t.List(t.Int(), default_value=None, allow_none=True)" if none else "t.List(t.Int())"
    default = json.dumps(option.default) if isinstance(option.default, str) else repr(option.default)
    if option.kind.choices:
        values = ", ".join(map(json.dumps, option.kind.choices))
        return f"t.Enum(({values}), default_value={default})"
    trait = {str: "Unicode", bool: "Bool", float: "Float", int: "Int"}[option.kind.value]
    return f"t.{trait}({default}{', allow_none=True' if none else ''})"


def settings_schema(options: Options, schema: str) -> str:
    """Return JupyterLab's settings, with the settings of options and the kinds of view updated from the table."""
    kinds = json.dumps(list(VIEWS))
    schema = re.sub(r'("defaultView": \{[^}]*"enum": )\[[^]]*\]', lambda match: match[1] + kinds, schema)
    for option in options:
        if option.setting:
            schema = _with_setting(schema, option.setting.name, _setting(option))
    return schema


def _with_setting(schema: str, name: str, entry: str) -> str:
    there = re.compile(rf'    "{name}": \{{\n.*?\n    \}}', re.DOTALL)
    if there.search(schema):
        return there.sub(lambda _: entry, schema, count=1)
    return schema.replace('    "cacheSize": {', f'{entry},\n    "cacheSize": {{', 1)


def _setting(option: Option) -> str:
    assert option.setting
    fields = {"title": option.setting.title, "description": option.setting.description, **_json_schema(option)}
    lines = (f"      {json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}" for name, value in fields.items())
    return f'    "{option.setting.name}": {{\n' + ",\n".join(lines) + "\n    }"


def _json_schema(option: Option) -> dict[str, object]:
    types: dict[str, dict[str, object]] = {
        "choice": {"type": "string", "enum": list(option.kind.choices)},
        "switch": {"type": "boolean"},
        "text": {"type": "string"},
        "weight": {"type": "number", "minimum": 0, "maximum": 0.99},
        "keyCount": {"type": "integer", "minimum": 0},
        "factor": {"type": "number", "minimum": 0},
    }
    # Settings have no null; 0 replaces it.
    return types[option.kind.name] | {"default": 0 if option.default is None else option.default}


MARKS = ("<!-- options: generated from python/headscope/options.py by `npm run contract` -->", "<!-- options: end -->")

HEADINGS = {
    "place": "The place: what a view shows",
    "aid": "Reading aids of one view",
    "look": "What the view shows",
}


def options_page(options: Options, page: str) -> str:
    """Return `docs/options.md`, with the tables between its marks generated anew."""
    before, rest = page.split(MARKS[0])
    after = rest.split(MARKS[1])[1]
    tables = "\n".join(_table(group, options) for group in HEADINGS)
    return f"{before}{MARKS[0]}\n\n{tables}\n{MARKS[1]}{after}"


def _table(group: str, options: Options) -> str:
    rows = (
        f"| `{option.name}` | `{_escaped(option.kind.accepts)}` | {_default(option)} | {_names(option.views)} "
        f"| {_escaped(option.doc)} |\n"
        for option in options
        if option.group == group
    )
    head = "| keyword | takes | default | views | |\n|---|---|---|---|---|\n"
    return f"## {HEADINGS[group]}\n\n{head}{''.join(rows)}"


def _default(option: Option) -> str:
    if option.group == "place":
        return "unchanged"
    return f"`{json.dumps(option.default) if isinstance(option.default, str) else repr(option.default)}`"


def _names(views: Iterable[str]) -> str:
    names = list(views)
    return "all" if len(names) == len(VIEWS) else ", ".join(names)


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")
