"""Standalone pages: their content, and that no token can break out of a script element."""

import base64
import gzip
import json
import re
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import headscope as hs
from headscope import from_attentions
from headscope.export.html import EXACT_BYTES, standalone_html
from headscope.wire.blocks import decode_blocks
from headscope.wire.vectors import decode_vectors


class Parts(HTMLParser):
    """Collects the scripts of a page by id, split as a browser splits them."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts: dict[str, str] = {}
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self._open: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.update(name for name, _ in attrs)
        if tag == "script":
            self._open = dict(attrs).get("id") or "code"
            self.scripts[self._open] = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "script":
            self._open = None

    def handle_data(self, data: str) -> None:
        if self._open:
            self.scripts[self._open] += data


def parts(html: str) -> Parts:
    parser = Parts()
    parser.feed(html)
    parser.close()
    return parser


def capture_of(layers: int = 3, heads: int = 2, size: int = 5, tokens: list[str] | None = None) -> Any:
    weights = np.random.default_rng(1).dirichlet(np.ones(size), (layers, heads, size)).astype(np.float32)
    return from_attentions(list(weights), tokens or [f"t{position}" for position in range(size)], prettify=False)


def blocks(page: Parts, kind: str, layer: int, map_: str = "self") -> list[Any]:
    [text] = [text for id_, text in page.scripts.items() if id_.endswith(f"-{kind}-{map_}-{layer}")]
    return list(decode_blocks(gzip.decompress(base64.b64decode(text))))


def info(page: Parts) -> dict[str, Any]:
    [text] = [text for id_, text in page.scripts.items() if id_.endswith("-info")]
    return dict(json.loads(text))


def test_every_weight_is_in_the_page() -> None:
    capture = capture_of()
    page = parts(standalone_html(capture))
    for layer in range(3):
        found = blocks(page, "block", layer)
        assert [header["heads"] for header, _ in found] == [[0], [1]]
        np.testing.assert_allclose(np.concatenate([w for _, w in found]), capture.weights(layer), atol=3e-4)


def test_a_page_makes_no_network_request() -> None:
    html = standalone_html(capture_of(), "explorer")
    assert not parts(html).attributes & {"src", "srcset", "href", "action", "data"}
    addresses = set(re.findall(r"https?://[\w./-]+", html))
    assert addresses <= {f"http://www.w3.org/{name}" for name in ("1999/xhtml", "1999/xlink", "2000/svg")}, "names"
    asking = r"@import|url\((?!#|\"data:)|XMLHttpRequest|WebSocket|EventSource|sendBeacon|(?<![.\w])(?<!async )fetch\("
    assert not re.search(asking, html)


def test_a_large_page_holds_a_byte_per_weight() -> None:
    size = int((EXACT_BYTES / 4) ** 0.5) + 1
    found = blocks(parts(standalone_html(capture_of(1, 2, size))), "block", 0)
    assert {header["dtype"] for header, _ in found} == {"sqrt8"}
    exact = blocks(parts(standalone_html(capture_of(1, 2, size), precision="decimal16")), "block", 0)
    assert {header["dtype"] for header, _ in exact} == {"decimal16"}


def test_values_outside_0_to_1_keep_their_signs() -> None:
    scores = np.array([[[-2.0, 3.0], [0.5, 1.5]]], dtype=np.float32)
    page = parts(standalone_html(from_attentions([scores], ["a", "b"]), precision="sqrt8"))
    [(header, values)] = blocks(page, "block", 0)
    assert header["dtype"] == "float16"
    np.testing.assert_allclose(values, scores)


def test_missing_weights_are_counted() -> None:
    weights = np.array([[[np.nan, 1.0], [0.5, np.inf]]], dtype=np.float32)
    [(header, values)] = blocks(parts(standalone_html(from_attentions([weights], ["a", "b"]))), "block", 0)
    assert header["missing"] == 2
    assert np.isnan(values[0, 0, 0])


@pytest.mark.parametrize(
    ("size", "first", "rest"),
    [
        (70, ["overview-0", "overview-1", "overview-2", "block-0"], ["block-1", "block-2"]),
        (64, ["block-0", "block-1", "block-2"], []),
    ],
)
def test_the_model_view_brings_its_grid_first(size: int, first: list[str], rest: list[str]) -> None:
    html = standalone_html(capture_of(size=size), "model")
    before, after = (
        re.findall(r'id="[^"]*-(overview|block)-self-(\d)"', part) for part in html.split("headscope.mount")
    )
    assert (["-".join(part) for part in before], ["-".join(part) for part in after]) == (first, rest)


def test_options_reach_the_page() -> None:
    given_ = info(parts(standalone_html(capture_of(), layer=2, heads=[1], theme="dark", include_layers=[1, 2])))
    assert (given_["layer"], given_["heads"], given_["theme"]) == (2, [1], "dark")
    page = parts(standalone_html(capture_of(), include_layers=[1]))
    assert info(page)["layer"] == 1
    assert [id_ for id_ in page.scripts if "-block-" in id_ and not id_.endswith("-1")] == []


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"layer": 9}, ValueError, "layer 9 is out of range"),
        ({"themes": "dark"}, TypeError, r"standalone_html\(\) has no keyword 'themes': did you mean 'theme'"),
        ({"precision": "uint8"}, ValueError, "precision is 'uint8'"),
        ({"heads": [2]}, ValueError, "heads 2 is out of range"),
    ],
)
def test_bad_options(options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        standalone_html(capture_of(), **options)


HOSTILE = ["</script>", "<script>alert(1)</script>", "<!--", "\u2028", '"', "'", "\\", "שלום", "🙂", "\n"]


@settings(deadline=None, max_examples=30)
@given(st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=8)), min_size=1, max_size=6))
def test_no_token_breaks_out_of_the_page(tokens: list[str]) -> None:
    page = parts(standalone_html(capture_of(1, 1, len(tokens), tokens)))
    assert info(page)["maps"][0]["query_tokens"] == tokens
    assert page.tags.count("script") == 3


@pytest.mark.parametrize("name", ["</title><script>alert(1)</script>", "a & b"])
def test_no_name_breaks_out_of_the_page(name: str) -> None:
    capture = capture_of(1)
    capture.name = name
    assert parts(standalone_html(capture)).tags.count("script") == 3


def vectors(page: Parts, layer: int, map_: str = "self") -> dict[tuple[str, int], Any]:
    [text] = [text for id_, text in page.scripts.items() if id_.endswith(f"-vectors-{map_}-{layer}")]
    frames = decode_vectors(gzip.decompress(base64.b64decode(text)))
    return {(header["kind"], header["head"]): values for header, values in frames}


@pytest.mark.parametrize("view", ["neuron", "explorer"])
def test_pages_hold_queries_and_keys(tiny: Any, view: Any) -> None:
    capture = hs.capture(tiny("llama").model, inputs={"input_ids": [[5, 6, 7, 8]]})
    page = parts(standalone_html(capture, view, include_layers=[1, 2]))
    assert not [id_ for id_ in page.scripts if id_.endswith("-vectors-self-0")]
    held = vectors(page, 2)
    np.testing.assert_array_equal(held["queries", 3], capture.queries(2, 3))
    np.testing.assert_array_equal(held["keys", 1], capture.keys(2, 3))
    np.testing.assert_array_equal(held["weights", 3], capture.weights(2, 3))
    assert held["hidden", 3].tolist() == np.triu(np.ones((4, 4)), 1).tolist()
    assert {head for kind, head in held if kind == "keys"} == {0, 1}


def test_pages_of_given_weights_hold_no_queries_and_keys(tiny: Any) -> None:
    page = parts(standalone_html(capture_of(), "neuron"))
    assert not [id_ for id_ in page.scripts if "-vectors-" in id_]
    captured = hs.capture(tiny("bert").model, inputs={"input_ids": [[5, 6, 7]]})
    assert not [id_ for id_ in parts(standalone_html(captured, "head")).scripts if "-vectors-" in id_]


def test_large_pages_say_why_queries_and_keys_are_missing(tiny: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    capture = hs.capture(tiny("bert").model, inputs={"input_ids": [[5, 6, 7]]})
    monkeypatch.setattr("headscope.export.html.VECTOR_BYTES", 100)
    monkeypatch.setattr("headscope.export.html.EXACT_VECTOR_BYTES", 100)
    explorer = parts(standalone_html(capture, "explorer"))
    assert not [id_ for id_ in explorer.scripts if "-vectors-" in id_]
    [info] = [json.loads(text) for id_, text in explorer.scripts.items() if id_.endswith("-info")]
    assert all("holds no queries and keys" in reason for reason in info["maps"][0]["no_vectors"])
    neuron = vectors(parts(standalone_html(capture, "neuron")), 0)
    assert {kind for kind, _ in neuron} == {"queries", "keys"}


def test_a_page_has_a_heading_a_caption_and_says_how_to_read_it() -> None:
    html = standalone_html(capture_of(), "matrix", title="What <it> sees", caption="A & B")
    assert '<h1 class="hs-page-title">What &lt;it&gt; sees</h1>' in html
    assert '<p class="hs-page-caption">A &amp; B</p>' in html
    assert "<summary>How to read this</summary>" in html
    assert "A row is a query" in html


def test_a_page_is_named_after_its_capture_unless_a_title_is_given() -> None:
    assert f'<h1 class="hs-page-title">{capture_of().name}: attention</h1>' in standalone_html(capture_of())
    bare = standalone_html(capture_of(), title="")
    assert "<h1" not in bare
    assert "<title>Attention</title>" in bare
