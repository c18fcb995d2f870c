"""Captures of plain torch modules: attention written in many ways, held against weights by hand in float64."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

import headscope as hs
from zoo.plain import HEADS, VOCABULARY, WIDTH, Model, Own, modules
from zoo.switches import everything

WAYS = sorted(modules())


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("batch", "count"), [(1, 5), (3, 7), (3, 3), (2, 4), (4, 4)])
def test_every_way_of_writing_attention_is_exact(way, batch, count):
    module, states = modules()[way], torch.randn(batch, count, WIDTH)
    expected = module.weights(states)
    for row in {0, batch - 1}:
        capture = hs.capture(module, inputs=states, batch_index=row)
        assert list(capture.maps) == ["self"]
        np.testing.assert_allclose(capture.weights(0), expected[row], atol=1e-6)


@pytest.mark.parametrize("way", WAYS)
def test_layers_of_a_model_have_their_paths_and_tokens(way):
    model, ids = Model(lambda: modules()[way]).eval(), torch.tensor([[7, 4, 4, 9]])
    seen = []
    model.layers[1].register_forward_hook(lambda module, given, _: seen.append(module.weights(given[0])))
    before = everything(model)
    capture = hs.capture(model, inputs=ids, tokens=["to", "be", "or", "not"])
    assert everything(model) == before
    (map_,) = capture.maps.values()
    assert map_.query_tokens == map_.key_tokens == ("to", "be", "or", "not")
    assert capture.report().maps[0].modules == ("layers.0", "layers.1")
    assert not capture.report().missing
    np.testing.assert_allclose(capture.weights(1), seen[0][0], atol=1e-6)


WRAPPERS = {
    "DataParallel": nn.DataParallel,
    "Sequential": lambda model: nn.Sequential(model.wte, model.layers[0], model.head),
    "compiled": torch.compile,
    "a compiled layer": lambda model: nn.Sequential(model.wte, torch.compile(model.layers[0])),
    "traced": lambda model: torch.jit.trace(nn.Sequential(model.wte, model.layers[0]), torch.tensor([[7, 4, 4, 9]])),
}


@pytest.mark.parametrize("wrap", WRAPPERS.values(), ids=WRAPPERS)
@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
@pytest.mark.parametrize("way", ["the kernel", "a causal softmax by hand"])
def test_wrapped_modules(wrap, way):
    model, ids = Model(lambda: modules()[way]).eval(), torch.tensor([[7, 4, 4, 9]])
    with torch.no_grad():
        states = model.wte(ids)
    wrapped = wrap(model)
    if isinstance(wrapped, nn.DataParallel) or hasattr(wrapped, "_orig_mod"):
        states = states + model.wpe(torch.arange(4)).detach()
    capture = hs.capture(wrapped, inputs=ids)
    assert capture.maps["self"].query_tokens == ("7", "4", "4", "9")
    np.testing.assert_allclose(capture.weights(0), model.layers[0].weights(states)[0], atol=1e-6)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
@pytest.mark.parametrize("way", ["the kernel", "a causal softmax by hand", "folded into the kernel"])
def test_other_precisions(way, dtype):
    module, states = modules()[way].to(dtype), torch.randn(2, 5, WIDTH, dtype=dtype)
    capture = hs.capture(module, inputs=states, batch_index=1)
    bound = 1e-6 if dtype == torch.float64 else 2e-2
    np.testing.assert_allclose(capture.weights(0), module.weights(states)[1], atol=bound)


@pytest.mark.parametrize("way", ["the kernel", "a causal softmax by hand"])
def test_autocast_inside_of_a_module(way):
    class Cast(nn.Module):
        def __init__(self):
            super().__init__()
            self.inside = modules()[way]

        def forward(self, states):
            with torch.autocast("cpu", torch.bfloat16):
                return self.inside(states)

    states = torch.randn(1, 5, WIDTH)
    module = Cast().eval()
    capture = hs.capture(module, inputs=states)
    np.testing.assert_allclose(capture.weights(0), module.inside.weights(states)[0], atol=2e-2)
    assert capture.report().maps[0].precision == "bfloat16" if way == "the kernel" else True


class SeveralCalls(nn.Module):
    """Three attention calls in one forward, without a module of their own."""

    def __init__(self):
        super().__init__()
        self.packed = nn.ParameterList(nn.Parameter(torch.randn(WIDTH, 3 * WIDTH) / 4) for _ in range(3))

    def forward(self, states):
        seen = []
        for packed in self.packed:
            parts = (states @ packed).chunk(3, -1)
            query, key, value = (part.unflatten(-1, (HEADS, -1)).transpose(1, 2) for part in parts)
            seen.append(torch.softmax(query.double() @ key.double().mT / 2, -1))
            attended = nn.functional.scaled_dot_product_attention(query, key, value)
            states = states + attended.transpose(1, 2).flatten(2)
        self.seen = seen
        return states


def test_each_of_several_calls_is_a_layer():
    module, states = SeveralCalls().eval(), torch.randn(1, 5, WIDTH)
    with torch.no_grad():
        module(states)
    expected = module.seen
    capture = hs.capture(module, inputs=states)
    assert capture.maps["self"].num_layers == 3
    for layer in range(3):
        np.testing.assert_allclose(capture.weights(layer), expected[layer][0], atol=1e-6)


class Towers(nn.Module):
    """Two texts, each read by its own encoder, or both by one."""

    def __init__(self, siamese):
        super().__init__()
        self.table = nn.Embedding(VOCABULARY, WIDTH)
        self.query_encoder = modules()["the kernel by another name"]
        self.doc_encoder = self.query_encoder if siamese else modules()["einsum"]

    def forward(self, query_ids, doc_ids):
        return self.query_encoder(self.table(query_ids)).sum() * self.doc_encoder(self.table(doc_ids)).sum()


@pytest.mark.parametrize("siamese", [True, False])
@pytest.mark.parametrize("other", [[3, 3, 8, 2], [3, 8]])
def test_each_text_of_a_two_tower_model_is_its_own_map(siamese, other):
    model = Towers(siamese).eval()
    inputs = {"query_ids": torch.tensor([[7, 4, 4, 9]]), "doc_ids": torch.tensor([other])}
    capture = hs.capture(model, inputs=inputs)
    assert [map_.query_tokens for map_ in capture.maps.values()] == [("7", "4", "4", "9"), tuple(map(str, other))]
    for name, ids, encoder in zip(capture.maps, inputs.values(), (model.query_encoder, model.doc_encoder), strict=True):
        expected = encoder.weights(model.table(ids).detach())[0]
        np.testing.assert_allclose(capture.weights(0, map=name), expected, atol=1e-6)
    named = hs.capture(
        model, inputs=inputs, tokens={"doc_ids": [f"d{id_}" for id_ in other], "query_ids": list("abcd")}
    )
    assert [map_.key_tokens for map_ in named.maps.values()] == [tuple("abcd"), tuple(f"d{id_}" for id_ in other)]
    first = hs.capture(model, inputs=inputs, tokens=list("abcd"))
    assert [map_.key_tokens for map_ in first.maps.values()] == [tuple("abcd"), tuple(map(str, other))]


class Mixed(Own):
    """Heads that are mixed after the softmax (Shazeer et al. 2020, talking heads)."""

    def __init__(self):
        super().__init__()
        self.mix = nn.Parameter(torch.randn(HEADS, HEADS))

    def forward(self, states):
        query, key, value = self.split(states)
        weights = torch.einsum("bhij,hg->bgij", (query @ key.mT / 2).softmax(-1), self.mix)
        return weights @ value


def test_mixed_heads_show_what_multiplies_the_values():
    module, states = Mixed().eval(), torch.randn(2, 5, WIDTH)
    capture = hs.capture(module, inputs=states, batch_index=1)
    expected = torch.einsum("bhij,hg->bgij", module.weights(states), module.mix.detach().double())
    np.testing.assert_allclose(capture.weights(0), expected[1], atol=1e-5)


class Windows(Own):
    """Attention within windows of four positions, in five axes."""

    def forward(self, states):
        parts = (part.unflatten(2, (-1, 4)).transpose(1, 2) for part in self.split(states))
        return nn.functional.scaled_dot_product_attention(*parts).transpose(1, 2).flatten(2, 3)


@pytest.mark.parametrize("batch", [1, 2])
def test_windows_are_not_taken_for_texts(batch):
    module, states = Windows().eval(), torch.randn(batch, 8, WIDTH)
    capture = hs.capture(module, inputs=states, batch_index=batch - 1)
    weights = capture.weights(0)
    for start in (0, 4):
        own = module.weights(states[batch - 1 :, start : start + 4])[0]
        np.testing.assert_allclose(weights[:, start : start + 4, start : start + 4], own, atol=1e-6)
    assert not weights[:, :4, 4:].any()


class Pooled(nn.Module):
    """Learned queries over the positions."""

    def __init__(self):
        super().__init__()
        self.query, self.key = nn.Parameter(torch.randn(1, 2, WIDTH)), nn.Linear(WIDTH, WIDTH)

    def forward(self, states):
        return (self.query @ self.key(states).mT).softmax(-1) @ states


def test_learned_queries():
    module, states = Pooled().eval(), torch.randn(1, 5, WIDTH)
    capture = hs.capture(module, inputs=states)
    keys = (states.double() @ module.key.weight.double().mT + module.key.bias.double()).detach()
    expected = torch.softmax(module.query.detach().double() @ keys.mT, -1)
    np.testing.assert_allclose(capture.weights(0), expected, atol=1e-6)


class Linear(Own):
    """Linear attention: keys times values come first."""

    def forward(self, states):
        query, key, value = self.split(states)
        return query.softmax(-1) @ (key.softmax(-2).mT @ value)


class Sigmoid(Own):
    """Weights that no softmax gives."""

    def forward(self, states):
        query, key, value = self.split(states)
        return torch.sigmoid(query @ key.mT) @ value


SEEN, UNSEEN = "rows do not sum to one", "no softmax over positions was multiplied"


@pytest.mark.parametrize(
    ("module", "reason"), [(Linear(), "linear attention"), (Sigmoid(), SEEN), (nn.Linear(WIDTH, WIDTH), UNSEEN)]
)
def test_what_has_no_softmax_of_queries_by_keys_is_refused(module, reason):
    with pytest.raises(ValueError, match=rf"{reason}.*hs\.from_attentions"):
        hs.capture(module.eval(), inputs=torch.randn(1, 5, WIDTH))


def test_hooks_of_the_user_run_and_stay():
    model, seen = Model().eval(), []
    hook = model.layers[0].register_forward_hook(lambda *_: seen.append(1))
    hs.capture(model, inputs=torch.tensor([[7, 4]]))
    assert seen == [1]
    hook.remove()
