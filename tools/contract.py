"""Generate files from `headscope.contract`, `headscope.contract_messages` and `headscope.options`.

With `--check`, fail if one of them is stale.
"""

from __future__ import annotations

import json
import re
import sys
import types
import typing
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "python"))

# These imports work without an installation, because the path is set above.
from headscope import contract, contract_messages  # noqa: E402
from headscope.options import OPTIONS, Option  # noqa: E402
from option_files import (  # noqa: E402
    Options,
    held,
    keywords_module,
    options_module,
    options_page,
    settings_schema,
    traits_module,
)

PLAIN = {int: "number", float: "number", str: "string", bool: "boolean", bytes: "DataView", type(None): "null"}
HEAD = """\
// Generated from python/headscope/contract.py, python/headscope/contract_messages.py and package.json by
// `npm run contract`. Do not edit.
"""
NAMES = vars(contract) | vars(contract_messages)
"""The names of both modules; the second one imports some from the first."""


ALIKE = re.compile(r"^(export (const|type) .*;)\n\n(?=export \2 )", re.MULTILINE)
"""Matches declarations on one line before another of the same kind; no empty line separates them."""


def typescript(hint: object) -> str:
    """Return the TypeScript spelling of a Python type."""
    for name, value in NAMES.items():
        if hint == value and typing.get_origin(value) is typing.Literal:
            return name
    return expanded(hint)


def expanded(hint: object) -> str:
    """Return the TypeScript spelling of a Python type, with aliases expanded."""
    if hint in PLAIN:
        return PLAIN[hint]
    if typing.is_typeddict(hint):
        return hint.__name__  # type: ignore[attr-defined, no-any-return]
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Literal:
        return " | ".join(f'"{value}"' for value in args)
    if origin is list:
        inner = typescript(args[0])
        return f"({inner})[]" if "|" in inner else f"{inner}[]"
    if origin in (types.UnionType, typing.Union):
        return " | ".join(typescript(arg) for arg in args)
    raise TypeError(f"the contract uses a type that has no TypeScript spelling here: {hint!r}")


def declaration(name: str, value: object, options: Options) -> str | None:
    """Return the TypeScript declaration of one public name of the contract; None if it has none."""
    if isinstance(value, bytes):
        return f'export const {name} = "{value.decode()}";'
    if isinstance(value, str) and name.isupper():
        return f'export const {name} = "{value}";'
    if isinstance(value, int):
        return f"export const {name} = {value};"
    if typing.get_origin(value) is typing.Literal:
        return f"export type {name} = {expanded(value)};"
    if typing.is_typeddict(value):
        fields = typing.get_type_hints(value) | {option.name: option.value_type for option in added(name, options)}
        doc = (value.__doc__ or "").strip().splitlines()[0]
        optional = vars(value)["__optional_keys__"]
        body = "".join(f"  {field}{'?' * (field in optional)}: {typescript(hint)};\n" for field, hint in fields.items())
        return f"/** {doc} */\nexport interface {name} {{\n{body}}}"
    return None


def added(name: str, options: Options) -> Iterable[Option]:
    """Return the options that become fields of a type of the contract."""
    if name == "SnapshotState":
        return held(options)
    return [option for option in held(options) if option.group != "place"] if name == "ViewTraits" else []


def version() -> str:
    """Return the declaration of the version, which front end and package share."""
    package = json.loads((ROOT / "package.json").read_text())
    return f'export const VERSION = "{package["version"]}";'


def contract_module(options: Options) -> str:
    """Return the content of `src/contract.gen.ts`."""
    public = ((name, value) for name, value in NAMES.items() if not name.startswith("_"))
    declarations = (text for name, value in public if (text := declaration(name, value, options)))
    text = "\n\n".join((version(), *declarations))
    return HEAD + "\n" + ALIKE.sub(r"\1\n", text) + "\n"


def generate(options: Options = OPTIONS) -> dict[str, str]:
    """Return the content of every generated file, by its path relative to the project's root."""
    schema, page = (ROOT / "schema/settings.json").read_text(), (ROOT / "docs/options.md").read_text()
    return {
        "src/contract.gen.ts": contract_module(options),
        "src/options.gen.ts": options_module(options, typescript),
        "python/headscope/view_keywords.py": keywords_module(options),
        "python/headscope/widgets/option_traits.py": traits_module(options),
        "schema/settings.json": settings_schema(options, schema),
        "docs/options.md": options_page(options, page),
    }


def main(check: bool) -> None:
    """Write the generated files; with `check`, exit with an error that lists stale ones."""
    files = {name: text for name, text in generate().items() if text != current(ROOT / name)}
    if check and files:
        sys.exit(f"{', '.join(files)}: stale. Run `npm run contract` and commit the result.")
    for name, text in files.items():
        (ROOT / name).write_text(text)


def current(path: Path) -> str | None:
    """Return the content of a file; None if it does not exist."""
    return path.read_text() if path.exists() else None


if __name__ == "__main__":
    main("--check" in sys.argv)
