"""Linked captures."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

import headscope as hs
from headscope.widgets.link_captures import same_token
from headscope.widgets.store import store_of


def made(depth: int, heads: int, tokens: str, **options: Any) -> Any:
    size = len(tokens)
    weights = np.random.default_rng(0).dirichlet(np.ones(size), (heads, size)).astype(np.float32)
    return hs.from_attentions([weights] * depth, list(tokens), **options)


@pytest.fixture
def texts(minilm: Any) -> tuple[Any, Any]:
    """One model's captures of two texts."""
    of = (hs.capture(minilm.model, minilm.tokenizer, text) for text in ("the cat saw the dog", "a cat and the dog ran"))
    return next(of), next(of)


def test_two_texts_of_one_model(texts: tuple[Any, Any]) -> None:
    one, two = texts
    one.select(layer=3, head=2, query="dog")
    link = hs.link(one, two)
    assert (two.selection.layer, two.selection.heads, two.selection.query) == (3, [2], 5)
    two.selection.layer = 5
    two.selection.key = "cat"
    assert (one.selection.layer, one.selection.key) == (5, 2)
    one.select(key="saw")
    assert two.selection.key is None
    link.unlink()
    link.unlink()
    one.selection.layer = 0
    assert two.selection.layer == 5


def test_a_page_s_move_moves_the_others(texts: tuple[Any, Any]) -> None:
    one, two = texts
    hs.link(one, two)
    store_of(two).set_state({"layer": 4, "heads": [1, 7]})
    assert (one.selection.layer, one.selection.heads) == (4, [1, 7])


def test_models_that_differ_in_layers_and_heads(tiny: Any) -> None:
    ids = {"input_ids": np.array([[5, 6, 7, 8]])}
    deep = hs.capture(tiny("gpt2", n_layer=5).model, inputs=ids)
    flat = hs.capture(tiny("llama", num_hidden_layers=2, num_attention_heads=2).model, inputs=ids)
    hs.link(deep, flat)
    deep.select(layer=4, heads=[1, 3], query=2)
    assert (flat.selection.layer, flat.selection.heads, flat.selection.query) == (1, [1], 2)
    assert (deep.selection.layer, deep.selection.heads) == (4, [1, 3])
    deep.selection.heads = [3]
    assert flat.selection.heads == [1]
    deep.selection.heads = None
    assert store_of(flat).heads is None
    flat.selection.layer = 0
    assert deep.selection.layer == 0


def test_maps_of_the_same_name_are_linked(tiny: Any) -> None:
    ids = {"input_ids": np.array([[5, 6, 7]]), "decoder_input_ids": np.array([[1, 9]])}
    one, two = (hs.capture(tiny(kind).model, inputs=ids) for kind in ("t5", "bart"))
    other = made(3, 2, "ab")
    hs.link(one, two, other)
    one.select(map="cross", layer=1, query=1, key=2)
    assert (two.selection.map, two.selection.layer, two.selection.query, two.selection.key) == ("cross", 1, 1, 2)
    assert (other.selection.map, other.selection.layer) == ("self", 1)
    other.selection.layer = 0
    assert (one.selection.map, one.selection.layer) == ("cross", 0)


def test_layers_that_were_left_out_are_skipped() -> None:
    one, two = made(6, 2, "ab"), made(6, 2, "ab", layers=[1, 4])
    hs.link(one, two)
    assert two.selection.layer == 1
    one.selection.layer = 5
    assert (one.selection.layer, two.selection.layer) == (5, 4)


def test_sentences_are_linked_if_there_are_two() -> None:
    pair, single = made(1, 1, "abc", sentence_b_start=1), made(1, 1, "abc")
    another = made(1, 1, "abcd", sentence_b_start=2)
    hs.link(pair, single, another)
    pair.selection.pair = "ab"
    assert (single.selection.pair, another.selection.pair) == ("all", "ab")


def test_a_move_moves_each_capture_once() -> None:
    captures = [made(3, 2, "ab") for _ in range(3)]
    hs.link(*captures)
    seen: list[Any] = []
    for capture in captures:
        capture.selection.observe(seen.append)
    captures[1].select(layer=2, head=1)
    assert sorted(change.name for change in seen) == ["heads"] * 3 + ["layer"] * 3


def test_a_ring_of_links_comes_to_rest() -> None:
    one, two, three = made(9, 2, "ab"), made(5, 2, "ab"), made(7, 2, "ab")
    links = [hs.link(one, two), hs.link(two, three), hs.link(three, one)]
    one.selection.layer = 8
    assert [capture.selection.layer for capture in (one, two, three)] == [4, 4, 4]
    assert len(links) == 3


def test_moves_from_two_sides_at_once_end() -> None:
    one, two = made(50, 1, "ab"), made(50, 1, "ab")
    hs.link(one, two)

    def walk(capture: Any) -> None:
        for layer in range(50):
            capture.selection.layer = layer

    threads = [threading.Thread(target=walk, args=(capture,), daemon=True) for capture in (one, two)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not any(thread.is_alive() for thread in threads)
    one.selection.layer = 7
    assert two.selection.layer == 7


@pytest.mark.parametrize(
    ("position", "others", "found"),
    [
        (None, "abab", None),
        (2, "abab", 2),
        (2, "baba", 3),
        (2, "ba", None),
        (3, "bbbb", 3),
        (3, "cbcb", 3),
        (3, "cbcbb", 3),
        (1, "cab", 2),
        (0, "xyz", None),
    ],
)
def test_the_same_token(position: int | None, others: str, found: int | None) -> None:
    assert same_token(position, "abab", others) == found


def test_bad_links() -> None:
    capture = made(1, 1, "a")
    with pytest.raises(ValueError, match="two or more different captures or views"):
        hs.link(capture)
    with pytest.raises(ValueError, match="two or more different captures or views"):
        hs.link(capture, made(1, 1, "a"), capture)
    with pytest.raises(TypeError, match="link takes captures and views, not str"):
        hs.link(capture, "head")  # type: ignore[arg-type]
