"""Descriptions of maps for pages: where layers come from, and how they were proved."""

from __future__ import annotations

import json

import numpy as np
import torch
import transformers as tf

import headscope as hs
from headscope.data.descriptions import describe_maps
from headscope.export.html import standalone_html
from headscope.widgets.store import Store


def funnel():
    sizes = {"vocab_size": 50, "d_model": 32, "n_head": 4, "d_head": 8, "d_inner": 64, "block_sizes": [2, 2]}
    model = tf.FunnelBaseModel(tf.FunnelConfig(**sizes)).eval()
    return hs.capture(model, inputs={"input_ids": torch.tensor([[2, 5, 9, 7, 4, 6]])})


def test_layers_of_mixed_sizes_have_the_models_numbers(tmp_path):
    capture = funnel()
    report = {part.name: part for part in capture.report().maps}
    described = {info["name"]: info for info in describe_maps(capture)}
    assert "layer_names" not in described["self"] or described["self"]["layer_names"] == ["0.0", "0.1"]
    assert described["self 2"]["layer_names"] == ["1.0"]
    assert described["self 3"]["layer_names"] == ["1.1"]
    assert described["self 3"]["modules"] == ["encoder.blocks.1.1.attention"]
    assert described["self 3"]["difference"] == report["self 3"].difference
    assert "1 (the model's 1.1)" in repr(capture.report())
    path = tmp_path / "funnel.attn.safetensors"
    capture.save(path)
    loaded = hs.load(path)
    assert loaded.report() == capture.report()
    assert describe_maps(loaded) == describe_maps(capture)


def test_pages_and_stores_receive_it():
    capture = funnel()
    assert json.dumps(describe_maps(capture)) == json.dumps(list(Store(capture).maps))
    assert '"layer_names":["1.1"]' in standalone_html(capture, "model")


def test_given_weights_are_said_to_be_given():
    capture = hs.from_attentions([np.full((1, 3, 4, 4), 0.25)] * 2, ["a", "b", "c", "d"])
    [info] = describe_maps(capture)
    assert info["difference"] is None
    assert "modules" not in info
    assert "layer_names" not in info
