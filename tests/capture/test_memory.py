"""A capture holds queries and keys, in proportion to the tokens, and nothing else."""

from __future__ import annotations

import gc

import pytest
import torch

import headscope as hs

KINDS = ["bert", "gpt2", "mistral", "phi3", "t5", "bart"]


def capture_of(loaded, length, padded):
    inputs = {"input_ids": torch.full((2, length), 5)}
    if padded:
        inputs["attention_mask"] = torch.ones(2, length, dtype=torch.long)
        inputs["attention_mask"][1, : length // 4] = 0
    if loaded.model.config.is_encoder_decoder:
        inputs["decoder_input_ids"] = torch.full((2, length), 6)
    return hs.capture(loaded.model, inputs=inputs, batch_index=1)


def storages(capture):
    """The memory of every tensor that a capture can reach, by its address."""
    found, seen, waiting = {}, set(), [capture]
    while waiting:
        item = waiting.pop()
        if id(item) in seen or isinstance(item, type):
            continue
        seen.add(id(item))
        if isinstance(item, torch.Tensor):
            storage = item.untyped_storage()
            found[storage.data_ptr()] = storage.nbytes()
        else:
            waiting += [value for value in gc.get_referents(item) if not callable(value)]
    return found


@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_memory_is_true_and_grows_with_the_tokens(tiny, kind, padded):
    short, long = (capture_of(tiny(kind), length, padded) for length in (24, 48))
    assert sum(storages(short).values()) == short.nbytes
    assert sum(storages(long).values()) == long.nbytes
    assert long.nbytes < 2.01 * short.nbytes


def test_the_sliding_window_shares_one_rule(tiny):
    records = capture_of(tiny("mistral"), 24, padded=False).maps["self"].records
    assert records[0].rules.visible is records[2].rules.visible
    assert [record.rules_nbytes > 0 for record in records] == [True, False, False]
