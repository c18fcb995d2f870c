"""Pictures drawn by Python have the colours of the views."""

import pytest

from headscope.export.snapshot.ink import HEAT_COLORS, MAX_HEADS, _palette, head_color, heat_table


def test_the_palette_has_every_head_of_every_number_of_heads():
    assert len(_palette()) == HEAT_COLORS + MAX_HEADS * (MAX_HEADS + 1) // 2


def test_eight_heads_have_named_colors():
    assert [head_color(head, 8) for head in (0, 5, 7)] == [(0x00, 0x72, 0xB2), (0x86, 0x38, 0x00), (0, 0, 0)]


def test_weights_go_from_near_white_to_dark():
    lightness = heat_table().sum(axis=1, dtype=int)
    assert (lightness[0] > 700, lightness[-1] < 250) == (True, True)


@pytest.mark.parametrize("num_heads", [1, 9, MAX_HEADS, MAX_HEADS + 1, 1000])
def test_every_head_has_a_color_of_its_own(num_heads):
    colors = {head_color(head, num_heads) for head in range(num_heads)}
    assert len(colors) >= 0.95 * min(num_heads, MAX_HEADS)
