"""Every capture survives saving and loading; every file gives a capture or raises ValueError."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import headscope as hs
from headscope.data.arrays import ArrayRecord
from headscope.data.grids import Grid
from headscope.data.layers import MissingLayer
from headscope.data.next_tokens import Generation
from headscope.data.report import MapReport, Report
from headscope.tracing.qk import biases, masks
from headscope.tracing.qk.record import QKRecord
from headscope.tracing.qk.tensors import Rules
from headscope.tracing.qk.windowed import joined

GOLDEN = Path(__file__).parents[1] / "golden"
NAMES = sorted(path.name.split(".")[0] for path in GOLDEN.glob("*.attn.safetensors"))

TORCH_TYPES = st.sampled_from([torch.float32, torch.float16, torch.bfloat16, torch.float64])
TEXTS = st.text(st.characters(), max_size=6)  # any characters, including lone surrogates


def random(seed: int, *shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)) * 2


seeds = st.integers(0, 1000)


@st.composite
def some_rules(draw: Any, heads: int, queries: int, keys: int) -> Rules:
    mask = random(draw(seeds), queries, keys) > draw(st.sampled_from([-9, -1, 0, 9]))
    visible = draw(st.sampled_from([None, masks.causal(queries, keys, torch.device("cpu")), masks.compact(mask)]))
    rows = draw(st.sampled_from([1, heads]))
    at = torch.arange(max(queries, keys))
    distances = biases.DistanceBias(
        random(draw(seeds), rows, queries + keys).to(draw(TORCH_TYPES)), queries, at[:queries], at[:keys]
    )
    table = random(draw(seeds), rows, queries, keys).to(draw(TORCH_TYPES))
    table = biases.TableBias(table.masked_fill(table < -2, -torch.inf))
    return Rules(
        draw(st.floats(-2, 2)),
        draw(st.none() | st.floats(0.5, 50)),
        draw(st.sampled_from([None, random(draw(seeds), heads)])),
        visible,
        tuple(draw(st.lists(st.sampled_from([distances, table]), max_size=2))),
    )


@st.composite
def vector_records(draw: Any, heads: int, queries: int, keys: int) -> QKRecord:
    kv_heads = heads // 2 if heads % 2 == 0 else heads  # the same for all pieces of a layer
    head_dim, dtype = 4, draw(TORCH_TYPES)
    query, key = (random(draw(seeds), *shape) for shape in ((heads, queries, head_dim), (kv_heads, keys, head_dim)))
    rules = draw(some_rules(heads, queries, keys))
    return QKRecord(query.to(dtype), key.to(dtype), rules, draw(TEXTS), draw(st.booleans()))


@st.composite
def array_records(draw: Any, heads: int, queries: int, keys: int) -> ArrayRecord:
    weights = random(draw(seeds), heads, queries, keys).softmax(-1).to(draw(TORCH_TYPES))
    weights = weights.masked_fill(random(draw(seeds), queries, keys) > 3, draw(st.sampled_from([np.nan, np.inf])))
    as_numpy = weights.dtype != torch.bfloat16 and draw(st.booleans())
    return ArrayRecord(weights.numpy() if as_numpy else weights, draw(TEXTS))


@st.composite
def records(draw: Any, queries: int, keys: int) -> Any:
    heads = draw(st.integers(1, 4))
    kind = draw(st.sampled_from(["vectors", "weights", "missing", "pieces"]))
    if kind == "missing":
        return MissingLayer(heads, queries, keys)
    if kind == "pieces" and min(queries, keys) > 1:
        cut = draw(st.integers(1, min(queries, keys) - 1))
        make = draw(st.sampled_from([vector_records, array_records]))
        pieces = [draw(make(heads, *size)) for size in ((cut, cut), (queries - cut, keys - cut))]
        return joined(pieces, module=draw(TEXTS))
    return draw((array_records if kind == "weights" else vector_records)(heads, queries, keys))


def tokens(count: int) -> st.SearchStrategy[list[str]]:
    return st.lists(TEXTS, min_size=count, max_size=count)


@st.composite
def maps(draw: Any, name: str) -> hs.AttentionMap:
    queries, keys = (draw(st.integers(1, 5) | st.integers(60, 70)) for _ in range(2))
    layers = draw(st.lists(records(queries, keys), min_size=1, max_size=3))
    sides = [
        {
            "special": sorted(draw(st.sets(st.integers(0, count - 1), max_size=3))),
            "words": draw(st.none() | st.lists(st.integers(0, 9), min_size=count, max_size=count)),
            "grid": draw(st.sampled_from([None, Grid(count - 1, 1, 1)])),
        }
        for count in (queries, keys)
    ]
    options = {f"{side}_{what}": value for side, of in zip(("query", "key"), sides) for what, value in of.items()}  # noqa: B905
    start = draw(st.none() | st.integers(1, queries - 1)) if queries > 1 else None
    label = draw(TEXTS)
    return hs.AttentionMap(
        name, layers, draw(tokens(queries)), draw(tokens(keys)), sentence_b_start=start, label=label, **options
    )


@st.composite
def captures(draw: Any) -> hs.Capture:
    texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
    found = [draw(maps(name)) for name in draw(st.lists(texts, min_size=1, max_size=2, unique=True))]
    tier = draw(st.sampled_from([None, 1, 2, 3]))
    part = MapReport(draw(TEXTS), tier, 3, (1, 2), (), draw(TEXTS), (draw(TEXTS),))
    report = Report(draw(TEXTS), (part,), draw(st.dictionaries(TEXTS, TEXTS, max_size=2)), (draw(TEXTS),))
    capture = hs.Capture(found, draw(TEXTS), draw(st.sampled_from([None, report])))
    if draw(st.booleans()):
        count = len(found[0].query_tokens)
        steps = (None, *range(count - 1))
        capture.generation = Generation(found[0].name, draw(st.integers(0, count)), steps)
    return capture


@pytest.fixture(scope="module")
def path() -> Any:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "x.attn.safetensors"


@settings(deadline=None, max_examples=150)
@given(capture=captures())
def test_every_capture_survives_saving_and_loading(
    path: Path, assert_equal: Callable[[Any, Any], None], capture: hs.Capture
) -> None:
    again = hs.load(capture.save(path))
    saved = path.read_bytes()
    # Before anything else is computed: what is known of a row's softmax changes how overviews are rounded.
    assert again.save(path).read_bytes() == saved
    assert_equal(capture, again)


def use(path: Path) -> None:
    """Load a file, and access everything in it if it can be loaded."""
    try:
        capture = hs.load(path)
    except ValueError as error:
        if str(path) not in str(error):
            raise
        return
    repr(capture)
    repr(capture.report())
    for map_ in capture.maps.values():
        map_.info()
        for layer in map_.layers:
            map_.overview(layer)
            if not map_.info()["no_vectors"][layer]:
                for part in (capture.queries, capture.keys, capture.scores):
                    part(layer, map=map_.name)


PLACES = st.floats(0, 1, exclude_max=True)
CHANGES = st.lists(st.tuples(PLACES, st.binary(min_size=1, max_size=8)), min_size=1, max_size=4)


@settings(deadline=None, max_examples=300)
@given(name=st.sampled_from(NAMES), changes=CHANGES)
def test_files_with_changed_bytes(path: Path, name: str, changes: list[tuple[float, bytes]]) -> None:
    raw = bytearray((GOLDEN / f"{name}.attn.safetensors").read_bytes())
    for place, new in changes:
        at = int(place * len(raw))
        raw[at : at + len(new)] = new
    path.write_bytes(raw)
    use(path)


@settings(deadline=None, max_examples=100)
@given(name=st.sampled_from(NAMES), place=PLACES)
def test_truncated_files(path: Path, name: str, place: float) -> None:
    raw = (GOLDEN / f"{name}.attn.safetensors").read_bytes()
    path.write_bytes(raw[: int(place * len(raw))])
    with pytest.raises(ValueError, match="can't be loaded"):
        hs.load(path)


@settings(deadline=None, max_examples=100)
@given(raw=st.binary(max_size=200), framed=st.booleans())
def test_any_bytes(path: Path, raw: bytes, framed: bool) -> None:
    path.write_bytes(len(raw).to_bytes(8, "little") + raw if framed else raw)
    with pytest.raises(ValueError, match="can't be loaded"):
        hs.load(path)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.integers(-2, 12) | st.floats(allow_nan=False) | TEXTS,
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(TEXTS, parts, max_size=3),
    max_leaves=5,
)


def places_in(value: Any) -> list[tuple[Any, Any]]:
    """Return every object or list within a JSON value, paired with each of its keys or indices."""
    found = []
    for name, part in value.items() if isinstance(value, dict) else enumerate(value):
        found.append((value, name))
        if isinstance(part, (dict, list)):
            found += places_in(part)
    return found


@settings(deadline=None, max_examples=400)
@given(name=st.sampled_from(NAMES), data=st.data())
def test_descriptions_and_headers_with_changed_values(
    path: Path, take_apart: Callable[[str], Any], name: str, data: st.DataObject
) -> None:
    file = take_apart(name)
    whole = {"header": file.header, "description": file.description}
    for _ in range(data.draw(st.integers(1, 3))):
        spots = [(parent, key) for parent, key in places_in(whole) if parent is not whole]
        parent, key = data.draw(st.sampled_from(spots))
        other, other_key = data.draw(st.sampled_from(spots))
        change = data.draw(st.sampled_from(["value", "remove", "copy"]))
        if change == "remove":
            del parent[key]
        else:
            new = data.draw(VALUES) if change == "value" else other[other_key]
            if new is not parent and not (isinstance(new, (dict, list)) and _within(parent, new)):
                parent[key] = new
    with contextlib.suppress(KeyError, TypeError):  # putting it together fails if the metadata is gone
        path.write_bytes(file.together())
    use(path)


def _within(part: Any, whole: Any) -> bool:
    return any(parent is part or parent[key] is part for parent, key in places_in(whole))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
@pytest.mark.parametrize("missing", [0, 31, 56, 57, 64])
def test_missing_weights_are_the_same_bytes_at_every_place(path: Path, dtype: torch.dtype, missing: int) -> None:
    weights = torch.ones(1, 65, 1, dtype=dtype)
    weights[0, missing, 0] = torch.nan
    capture = hs.Capture([hs.AttentionMap("self", [ArrayRecord(weights, "")], ["a"] * 65, ["b"])], "", None)
    again = hs.load(capture.save(path))
    saved = path.read_bytes()
    assert again.save(path).read_bytes() == saved
