"""Write `src/contract.gen.ts` from `headscope.contract` and the version; with `--check`, fail when it is stale."""

from __future__ import annotations

import json
import re
import sys
import types
import typing
from pathlib import Path

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "src" / "contract.gen.ts"
sys.path.insert(0, str(ROOT / "python"))

from headscope import contract  # noqa: E402  (the path is set above so that no install is needed)

PLAIN = {int: "number", float: "number", str: "string", bool: "boolean", bytes: "DataView", type(None): "null"}
HEAD = "// Generated from python/headscope/contract.py and package.json by `npm run contract`. Do not edit.\n"

ALIKE = re.compile(r"^(export (const|type) .*;)\n\n(?=export \2 )", re.MULTILINE)
"""What stands on one line has no empty line before the next of its kind."""


def typescript(hint: object) -> str:
    """Return the TypeScript spelling of a Python type."""
    for name, value in vars(contract).items():
        if hint == value and typing.get_origin(value) is typing.Literal:
            return name
    return expanded(hint)


def expanded(hint: object) -> str:
    """Return the TypeScript spelling of a Python type, aliases written out."""
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
    raise TypeError(f"contract.py uses a type that has no TypeScript spelling here: {hint!r}")


def declaration(name: str, value: object) -> str | None:
    """Return the TypeScript declaration of one public name of the contract, None where it has none."""
    if isinstance(value, bytes):
        return f'export const {name} = "{value.decode()}";'
    if isinstance(value, str) and name.isupper():
        return f'export const {name} = "{value}";'
    if isinstance(value, int):
        return f"export const {name} = {value};"
    if typing.get_origin(value) is typing.Literal:
        return f"export type {name} = {expanded(value)};"
    if typing.is_typeddict(value):
        fields = typing.get_type_hints(value).items()
        doc = (value.__doc__ or "").strip().splitlines()[0]
        body = "".join(f"  {field}: {typescript(hint)};\n" for field, hint in fields)
        return f"/** {doc} */\nexport interface {name} {{\n{body}}}"
    return None


def version() -> str:
    """Return the declaration of the version that front end and package share."""
    package = json.loads((ROOT / "package.json").read_text())
    return f'export const VERSION = "{package["version"]}";'


def generate() -> str:
    """Return the whole of `contract.gen.ts`."""
    public = ((name, value) for name, value in vars(contract).items() if not name.startswith("_"))
    declarations = (text for name, value in public if (text := declaration(name, value)))
    text = "\n\n".join((version(), *declarations))
    return HEAD + "\n" + ALIKE.sub(r"\1\n", text) + "\n"


if __name__ == "__main__":
    text = generate()
    if "--check" in sys.argv:
        if not TARGET.exists() or TARGET.read_text() != text:
            sys.exit("src/contract.gen.ts is stale: run `npm run contract` and commit what it writes.")
    else:
        TARGET.write_text(text)
