"""Models inside the objects of other tools."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import transformers
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

import headscope as hs

IDS = torch.tensor([[1, 5, 9, 3, 8, 2]])


@pytest.fixture(scope="module")
def model() -> transformers.PreTrainedModel:
    sizes = {"vocab_size": 50, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2}
    return transformers.LlamaForCausalLM(transformers.LlamaConfig(**sizes, num_attention_heads=4)).eval()


class Envoy:
    """An object that is built like nnsight's: it holds a module, and is none."""

    def __init__(self, name: str, held: object, tokenizer: object = None) -> None:
        vars(self)[name] = held
        self.tokenizer = tokenizer

    __module__ = "nnsight.intervention.envoy"


def test_a_module_of_nnsight(model):
    nnsight = pytest.importorskip("nnsight")
    found = hs.capture(nnsight.NNsight(model), inputs={"input_ids": IDS})
    np.testing.assert_array_equal(found.weights(1), hs.capture(model, inputs={"input_ids": IDS}).weights(1))


@pytest.mark.parametrize("name", ["_module", "_model"])
def test_an_object_built_like_those_of_nnsight(model, name):
    found = hs.capture(Envoy(name, model), inputs={"input_ids": IDS})
    with torch.no_grad():
        own = transformers.LlamaForCausalLM(model.config)
        own.load_state_dict(model.state_dict())
        own.set_attn_implementation("eager")
        expected = own.eval()(IDS, output_attentions=True).attentions[1][0].numpy()
    np.testing.assert_allclose(found.weights(1), expected, atol=2e-6)
    written = hs.capture_generation(Envoy(name, model), inputs={"input_ids": IDS}, max_new_tokens=2, do_sample=False)
    assert written.generation.num_prompt == 6


def test_the_tokenizer_of_a_wrapper(model):
    backend = Tokenizer(WordLevel({"the": 1, "cat": 2, "sat": 3, "<unk>": 4}, unk_token="<unk>"))
    backend.pre_tokenizer = Whitespace()
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="<unk>")
    wrapper = Envoy("_module", model, tokenizer)
    for arguments in ((wrapper, "the cat sat"), (wrapper, None, "the cat sat"), (wrapper, tokenizer, "the cat sat")):
        assert hs.capture(*arguments).maps["self"].query_tokens == ("the", "cat", "sat")
        written = hs.capture_generation(*arguments, max_new_tokens=2, do_sample=False)
        assert written.maps["self"].query_tokens[:3] == ("the", "cat", "sat")


class HookedTransformer(torch.nn.Module):
    __module__ = "transformer_lens.HookedTransformer"

    def run_with_cache(self) -> None: ...


def test_a_model_of_transformer_lens_has_caches():
    with pytest.raises(TypeError, match=r"HookedTransformer of TransformerLens.*hs\.from_cache\(cache, model\)"):
        hs.capture(HookedTransformer(), inputs={"input_ids": IDS})
