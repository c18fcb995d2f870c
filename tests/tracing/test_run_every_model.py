"""Every model type of transformers that can be built small: a third of them here, all of them with `make models`."""

from __future__ import annotations

import zlib
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
import transformers

from zoo.every import cases
from zoo.every.cases import outcomes
from zoo.every.classes import classes_of, types
from zoo.every.judge import Outcome
from zoo.every.names import wrong_words
from zoo.every.table import BAD, ORDER, counts, result_of, results_in, section
from zoo.models import OLD_VERSION

TABLE = Path(__file__).parents[2] / "docs" / "models.md"
WRITTEN = {} if OLD_VERSION else results_in(TABLE.read_text())
THIRD = [kind for kind, result in WRITTEN.items() if result != "broken" and zlib.crc32(kind.encode()) % 3 == 0]
FOUND: list[Outcome] = []

newest = pytest.mark.skipif(OLD_VERSION, reason="the table is for the newest version")


@pytest.fixture(scope="module", autouse=True)
def _counted():
    yield
    print(f"\na third of the types: {counts(FOUND)}")


# Measuring these lines took two fifths of the time, and other tests run all of them.
@newest
@pytest.mark.no_cover
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", THIRD)
def test_a_type_is_exact_or_says_why_not(kind: str):
    transformers.logging.set_verbosity_error()
    found = list(outcomes(kind))
    FOUND.extend(found)
    bad = [f"{one.model} {one.form}: {one.result}: {one.why}" for one in found if one.result in BAD]
    assert not bad
    assert ORDER.index(result_of(found)) >= ORDER.index(WRITTEN[kind]), "worse than in docs/models.md"


@newest
def test_the_table_lists_every_type_of_transformers():
    assert set(WRITTEN) == set(types()), (
        f"make models writes the table anew for transformers {transformers.__version__}"
    )


@newest
def test_a_third_of_the_types_is_run():
    run = sum(result != "broken" for result in WRITTEN.values())
    assert len(THIRD) == pytest.approx(run / 3, rel=0.15)


@pytest.mark.parametrize(
    ("queries", "keys", "module", "said"),
    [
        ("5 6 7 patch:0,0", "5 6 7 patch:0,0", "encoder.layer.0", ""),
        ("0 1 2 3", "5 6 7", "encoder.layer.0", ""),
        ("5+6 7", "5 6 7", "encoder.layer.0", ""),
        ("6 5 7", "5 6 7", "encoder.layer.0", "the queries of self show the words [6, 5, 7]"),
        ("5 6 7", "5 6", "encoder.layer.0", "the keys of self show the words [5, 6]"),
        ("5 6 7", "5 6 7 7", "encoder.layer.0", "the keys of self show the words [5, 6, 7, 7]"),
        ("5 6 7", "5 6 7", "vision_model.layer.0", "are called by the words of the text"),
        ("5 6 7", "5 6 7", "cross_modal_image_layers.0", ""),
    ],
)
def test_wrong_words_are_found(queries: str, keys: str, module: str, said: str):
    map_ = SimpleNamespace(query_tokens=queries.split(), key_tokens=keys.split())
    report = SimpleNamespace(maps=[SimpleNamespace(name="self", modules=(module,))])
    capture = SimpleNamespace(maps={"self": map_}, report=lambda: report)
    model = SimpleNamespace(config=transformers.BertConfig())
    found = wrong_words(capture, model, {"input_ids": torch.tensor([[5, 6, 7]])}, 0)
    assert said in found
    assert bool(found) == bool(said)


@newest
def test_classes_without_a_fused_kernel_are_judged(monkeypatch: pytest.MonkeyPatch):
    """Every class of a type that says it supports none is run, not only those with a usual name."""
    ran = []
    monkeypatch.setattr(cases, "born", lambda _kind, one: (one, None))
    monkeypatch.setattr(cases, "_of_model", lambda _kind, one, _recipe: ran.append(one) or iter(()))
    monkeypatch.setattr(cases, "_judged", lambda _kind, one, *_rest: ran.append(one) or outcome("", "exact"))
    for kind in THIRD:
        ran.clear()
        list(outcomes(kind))
        assert {one for one in classes_of(kind) if not getattr(one, "_supports_sdpa", True)} <= set(ran)


def outcome(kind: str, result: str, **rest) -> Outcome:
    return Outcome(kind, "Model", "plain", result, **rest)


def test_what_is_written_is_what_is_read_again():
    found = [
        outcome("one", "exact", tiers=(1,)),
        outcome("one", "broken"),
        outcome("two", "exact", tiers=(3,)),
        outcome("two", "noted", tiers=(3,), notes=("a.b: its reason",)),
        outcome("three", "refused", why="no attention"),
        outcome("four", "crash", why="KeyError: 'x|y'"),
        outcome("five", "broken", why="needs timm"),
    ]
    written = section(found, "5.0")
    expected = {"one": "exact", "two": "noted", "three": "refused", "four": "wrong", "five": "broken"}
    assert results_in(written) == expected
    assert written.endswith("\nexact 2, noted 1, refused 1, wrong 1\n")


@pytest.mark.parametrize("bad", BAD)
def test_one_bad_case_makes_a_type_wrong(bad: str):
    assert result_of([outcome("one", "exact"), outcome("one", bad), outcome("one", "refused")]) == "wrong"


def test_counts_are_of_cases():
    found = [outcome("one", result) for result in ("exact", "exact", "wrong", "crash", "broken")]
    assert counts(found) == "exact 2, noted 0, refused 0, wrong 2"
    assert Counter(one.result for one in found)["broken"] == 1
