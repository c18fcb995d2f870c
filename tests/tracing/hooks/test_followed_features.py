"""Words never name features, however many there are; windows of two orders are two maps."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import headscope as hs

HEADS, WIDTH = 2, 8
WORDS = ["the", "cat", "sat", "down"]


class Among(nn.Module):
    """Attention among the 4 features of each head, as in XCiT, or among positions; from a linear layer or a conv."""

    def __init__(self, core, conv: bool):
        super().__init__()
        self.conv, self.core = conv, core
        self.project = nn.Conv1d(WIDTH, 3 * WIDTH, 1) if conv else nn.Linear(WIDTH, 3 * WIDTH)

    def forward(self, states: Tensor) -> Tensor:
        if self.conv:
            packed = self.project(states.mT).unflatten(1, (3, HEADS, -1)).unbind(1)  # features before positions
            q, k, v = (part.mT for part in packed)
        else:
            q, k, v = self.project(states).unflatten(-1, (3, HEADS, -1)).permute(2, 0, 3, 1, 4)
        output, self.weights = self.core(q, k, v)
        return states + output.transpose(1, 2).flatten(2)


def positions(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    weights = (q @ k.mT).softmax(-1)
    return weights @ v, weights


def channels(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    weights = (q.mT @ k).softmax(-1)
    return (weights @ v.mT).mT, weights


def normalised_channels(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    """El-Nouby et al. 2021, https://arxiv.org/abs/2106.09681."""
    q, k = (nn.functional.normalize(part.mT, dim=-1) for part in (q, k))
    weights = (3 * q @ k.mT).softmax(-1)
    return (weights @ v.mT).mT, weights


def einsum_of_channels(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    weights = torch.einsum("bhtd,bhte->bhde", q, k).softmax(-1)
    return torch.einsum("bhde,bhte->bhtd", weights, v), weights


def kernel_of_channels(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    output = nn.functional.scaled_dot_product_attention(q.mT, k.mT, v.mT)
    return output.mT, (q.mT @ k / q.shape[2] ** 0.5).softmax(-1)


AMONG_CHANNELS = [channels, normalised_channels, einsum_of_channels, kernel_of_channels]


@pytest.mark.parametrize("batch", [1, 3, 4])
@pytest.mark.parametrize("conv", [True, False])
@pytest.mark.parametrize("core", [positions, *AMONG_CHANNELS], ids=lambda core: core.__name__)
def test_words_name_positions_alone(core, conv, batch):
    torch.manual_seed(0)
    model, states = nn.Sequential(Among(core, conv), Among(positions, conv)).eval(), torch.randn(batch, 4, WIDTH)
    capture = hs.capture(model, inputs=states, tokens=WORDS)
    found = {map_.query_tokens: (map_.key_tokens, map_.num_layers) for map_ in capture.maps.values()}
    words, numbers = tuple(WORDS), tuple(f"channel {at}" for at in range(4))
    assert found == ({words: (words, 2)} if core is positions else {words: (words, 1), numbers: (numbers, 1)})
    name = next(iter(capture.maps))
    model(states)
    if core is positions:
        np.testing.assert_allclose(capture.weights(0, map=name), model[0].weights[0].detach(), atol=1e-6)


@pytest.mark.parametrize("core", AMONG_CHANNELS, ids=lambda core: core.__name__)
def test_channels_alone_take_no_words(core):
    torch.manual_seed(0)
    model, states = Among(core, conv=False).eval(), torch.randn(1, 4, WIDTH)
    capture = hs.capture(model, inputs=states)
    np.testing.assert_allclose(capture.weights(0), model.weights[0].detach(), atol=1e-6)
    with pytest.raises(ValueError, match="attends among features, not among positions"):
        hs.capture(model, inputs=states, tokens=WORDS)


class Axial(nn.Module):
    """Attention along the columns of an image, then along its rows."""

    def __init__(self):
        super().__init__()
        self.row, self.column = Among(positions, conv=False), Among(positions, conv=False)

    def forward(self, image: Tensor) -> Tensor:
        rows = self.row(image.flatten(0, 1)).view(image.shape).transpose(1, 2)
        return self.column(rows.flatten(0, 1)).view(rows.shape).transpose(1, 2)


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize(("height", "width"), [(3, 3), (4, 3), (4, 4)])
def test_rows_and_columns_are_maps_of_their_own(height, width, batch):
    torch.manual_seed(0)
    model = Axial().eval()
    capture = hs.capture(model, inputs=torch.randn(batch, height, width, WIDTH))
    assert [map_.num_layers for map_ in capture.maps.values()] == [1, 1]
    for name, layer in zip(capture.maps, (model.row, model.column), strict=True):
        own = layer.weights[: height if layer is model.row else width]
        expected = torch.stack([torch.block_diag(*head) for head in own.transpose(0, 1)]).detach()
        np.testing.assert_allclose(capture.weights(0, map=name), expected, atol=1e-6)
    assert "in the order in which a layer computes them" in repr(capture.report())
