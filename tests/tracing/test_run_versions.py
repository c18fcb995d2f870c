"""Old and new versions of transformers, captured through different tiers, give equal weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import transformers

import headscope as hs

OLD = int(transformers.__version__.split(".")[0]) < 5
IDS = torch.randint(3, 99, (2, 9), generator=torch.Generator().manual_seed(4))
MASK = torch.tensor([[1] * 9, [1] * 6 + [0] * 3])


@pytest.mark.parametrize(
    ("kind", "tier_of_old"), [("bert", 2), ("roberta", 2), ("distilbert", 2), ("llama", 1), ("t5", 3)]
)
def test_the_tier_depends_on_the_version_and_the_weights_do_not(tiny, kind, tier_of_old):
    loaded = tiny(kind)
    inputs = {"input_ids": IDS, "attention_mask": MASK}
    if kind == "t5":
        inputs["decoder_input_ids"] = IDS[:, :4]
    capture = hs.capture(loaded.model, inputs=inputs, batch_index=1)
    assert {map_.tier for map_ in capture.report().maps} == {tier_of_old if OLD else 1}
    assert not capture.report().missing
    with torch.no_grad():
        outputs = loaded.eager(**inputs, output_attentions=True)
    name = next(iter(capture.maps))
    expected = outputs["encoder_attentions" if name == "encoder" else "attentions"]
    for layer, weights in enumerate(expected):
        np.testing.assert_allclose(capture.weights(layer), weights[1].numpy()[:, :6, :6], rtol=0, atol=1e-5)
