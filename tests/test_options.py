"""An option needs only a row in `headscope.options` and the code that reads it."""

from __future__ import annotations

import importlib.util
import inspect
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

import numpy as np
import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell

import headscope as hs
from headscope.contract import ViewKind
from headscope.export.html import standalone_html
from headscope.option_kinds import SWITCH
from headscope.options import GRID, KEYWORDS, OPTIONS, VIEWS, Option, Setting

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def generator() -> Any:
    """Return the module `tools/contract.py`, which writes the generated files."""
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        spec = importlib.util.spec_from_file_location("contract_tool", ROOT / "tools" / "contract.py")
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(ROOT / "tools"))
    return module


@pytest.fixture
def capture() -> Any:
    return hs.from_attentions([np.full((2, 3, 3), 1 / 3, dtype=np.float32)], list("abc"))


EXTRA = Option(
    name="show_grid_lines",
    kind=SWITCH,
    group="look",
    default=False,
    views=("matrix",),
    doc="Draw lines between tokens.",
    setting=Setting("gridLines", "Grid lines", "Lines between tokens."),
)


def test_generated_files_are_fresh(generator: ModuleType) -> None:
    stale = [name for name, text in generator.generate().items() if (ROOT / name).read_text() != text]
    assert not stale, f"run `npm run contract`: {stale}"


def test_one_more_row_reaches_every_generated_file(generator: ModuleType) -> None:
    before, after = generator.generate(), generator.generate((*OPTIONS, EXTRA))
    added = {
        name: "\n".join(line for line in text.splitlines() if line not in before[name].splitlines())
        for name, text in after.items()
    }
    assert added["src/contract.gen.ts"].splitlines() == ["  show_grid_lines: boolean;"] * 2  # traits and saved state
    assert added["src/options.gen.ts"].splitlines() == [
        '  { name: "show_grid_lines", signal: "showGridLines", group: "look", kind: "switch", default: false, '
        'views: ["matrix"], setting: "gridLines" },',
        "  /** Draw lines between tokens. */",
        "  readonly showGridLines: Signal<boolean>;",
        "  readonly showGridLines: boolean;",
    ]
    keywords: dict[str, Any] = {}
    exec(compile(after["python/headscope/view_keywords.py"], "view_keywords.py", "exec"), keywords)
    takes = {name for name, value in keywords.items() if "show_grid_lines" in getattr(value, "__annotations__", {})}
    assert takes == {"MatrixKeywords"}
    traits: dict[str, Any] = {}
    exec(compile(after["python/headscope/widgets/option_traits.py"], "option_traits.py", "exec"), traits)
    holder = traits["OptionTraits"]()
    assert (holder.show_grid_lines, holder.trait_metadata("show_grid_lines", "sync")) == (False, True)
    setting = json.loads(after["schema/settings.json"])["properties"]["gridLines"]
    assert setting == {
        "title": "Grid lines",
        "description": "Lines between tokens.",
        "type": "boolean",
        "default": False,
    }
    assert added["docs/options.md"] == "| `show_grid_lines` | `bool` | `False` | matrix | Draw lines between tokens. |"


def test_names_are_unique_and_defaults_are_allowed() -> None:
    assert len({option.name for option in OPTIONS}) == len(OPTIONS)
    for option in OPTIONS:
        if option.default is not None and option.kind.check:
            assert option.kind.check(option.name, option.default) == option.default


def test_every_kind_of_view_is_listed_once(capture: Any) -> None:
    assert set(VIEWS) == set(get_args(ViewKind))
    assert GRID == ("explorer", "model")
    for kind, view in VIEWS.items():
        assert getattr(capture, view.call)().view == kind


def test_the_menu_of_jupyterlab_opens_every_kind_of_view() -> None:
    schema = json.loads((ROOT / "schema/settings.json").read_text())
    (menu,) = schema["jupyter.lab.menus"]["main"][0]["items"]
    kinds = [item["args"]["kind"] for item in menu["submenu"]["items"] if item.get("command") == "headscope:open-view"]
    assert kinds == list(VIEWS) == schema["properties"]["defaultView"]["enum"]


@pytest.mark.parametrize("kind", VIEWS)
def test_signatures_and_docstrings_list_every_option(kind: ViewKind) -> None:
    method = getattr(hs.Capture, VIEWS[kind].call)
    assert tuple(inspect.signature(method).parameters) == ("self", *KEYWORDS[kind])
    for option in OPTIONS:
        assert (f"\n{option.name} : {option.kind.accepts}, optional\n" in inspect.getdoc(method)) == (
            kind in option.views
        )


def test_calls_beside_views_list_their_keywords_too() -> None:
    places = [option.name for option in OPTIONS if option.group == "place"]
    assert list(inspect.signature(hs.Capture.select).parameters) == ["self", *places]
    assert list(inspect.signature(standalone_html).parameters) == [
        *("capture", "view", "precision", "title", "caption"),
        *KEYWORDS["explorer"],
    ]
    for call in (hs.capture, hs.from_attentions):
        kinds = {parameter.kind for parameter in inspect.signature(call).parameters.values()}
        assert inspect.Parameter.VAR_KEYWORD not in kinds
    with pytest.raises(TypeError, match=r"capture\(\) has no keyword 'ofload': did you mean 'offload'"):
        hs.capture(None, ofload="disk")  # type: ignore[call-arg]


@pytest.mark.parametrize("use_jedi", [True, False])
def test_notebooks_complete_keywords(capture: Any, use_jedi: bool) -> None:
    shell = InteractiveShell()
    try:
        shell.user_ns["capture"] = capture
        shell.Completer.use_jedi = use_jedi
        code = "capture.matrix_view(color_m"
        with provisionalcompleter():
            found = {completion.text for completion in shell.Completer.completions(code, len(code))}
        assert "color_map=" in found
    finally:
        shell.history_manager.end_session()


def test_help_lists_keywords_after_the_text_and_before_what_is_returned() -> None:
    doc = inspect.getdoc(hs.Capture.select) or ""
    heads = ["Move all views", "A token can be given", "Parameters\n-", "Returns\n-", "Raises\n-"]
    places = [doc.index(head) for head in heads]
    assert places == sorted(places)
