"""The model's own numbers of layers."""

from __future__ import annotations

import pytest

from headscope.data.layer_names import name_layers


def modules(pattern, *numbers):
    return [pattern.format(*(number if isinstance(number, tuple) else (number,))) for number in numbers]


@pytest.mark.parametrize(
    ("maps", "expected"),
    [
        ([modules("model.layers.{}.self_attn", 0, 1, 2)], [()]),
        ([modules("model.layers.{}.self_attn", 1, 3)], [("1", "3")]),
        # Stages of two sizes, as in Swin and Funnel: each map has some of the model's layers.
        (
            [modules("stages.{}.blocks.{}.attn", (0, 0), (0, 1)), modules("stages.{}.blocks.{}.attn", (1, 0), (1, 1))],
            [("0.0", "0.1"), ("1.0", "1.1")],
        ),
        ([modules("blocks.{}.attn", 0, 1), modules("blocks.{}.attn", 2)], [(), ("2",)]),
        # The second number of T5 tells attention from cross-attention, which is no number of a layer.
        ([modules("decoder.block.{}.layer.0.Self", 0, 1), modules("decoder.block.{}.layer.1.Cross", 0, 1)], [(), ()]),
        # A layer that is applied again and again has one number only.
        ([modules("albert_layer_groups.{}.attention", 0, 0, 0)], [()]),
        ([["transformer.layers.0.cross", "transformer.layers.1.cross", "transformer.final"]], [()]),
        ([["", ""]], [()]),
    ],
)
def test_names_are_the_numbers_that_differ(maps, expected):
    assert name_layers(maps) == expected
