"""Which models are certain to attend by the interface alone, so that the modes can be left out."""

from __future__ import annotations

import pytest

from headscope.tracing.hooks.source import only_looks_up
from headscope.tracing.hooks.tiers import modules_of
from zoo.models import ZOO, build

ANIMALS = {animal.kind: animal for animal in ZOO}


@pytest.mark.parametrize("kind", ["bert", "llama", "bart"])
def test_words_about_a_softmax_in_docstrings_are_no_attention_by_hand(kind):
    assert only_looks_up(modules_of(build(ANIMALS[kind])))


@pytest.mark.parametrize("kind", ["gptj", "xlnet"])
def test_a_softmax_in_code_is(kind):
    assert not only_looks_up(modules_of(build(ANIMALS[kind])))
