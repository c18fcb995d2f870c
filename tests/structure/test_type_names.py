"""No two exported types of `src/` have the same name, so that a search for a name finds one type."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]

EXPORTED = re.compile(
    r"^export (?:default |declare |abstract |const )*(?:interface|type|class|enum) (?!from\b)(\w+)", re.MULTILINE
)


def files_of_types(src: Path) -> dict[str, list[str]]:
    """Return the files that define each exported interface, type alias, class or enum."""
    files: defaultdict[str, list[str]] = defaultdict(list)
    for path in sorted(src.rglob("*.ts")):
        for name in EXPORTED.findall(path.read_text()):
            files[name].append(path.relative_to(src).as_posix())
    return files


def repeated(src: Path) -> dict[str, list[str]]:
    """Return the names that are defined more than once, with their files."""
    return {name: files for name, files in files_of_types(src).items() if len(files) > 1}


def test_every_exported_type_has_a_name_of_its_own() -> None:
    assert len(files_of_types(ROOT / "src")) > 250
    assert repeated(ROOT / "src") == {}


def test_a_repeated_name_is_found(tree: Callable[[dict[str, str]], Path]) -> None:
    src = tree(
        {
            "core/a.ts": "export interface Row {}\nexport type Cell = string;\nexport default class Grid {}\n",
            "core/b.ts": "export type Row<T> = T[];\nexport const enum Cell {}\nexport abstract class Grid {}\n",
            "views/c.ts": 'interface Row {}\nexport type { Cell } from "../core/a";\n  // export class Grid\n',
        }
    )
    assert repeated(src) == {name: ["core/a.ts", "core/b.ts"] for name in ("Row", "Cell", "Grid")}
