"""After a pass, and after errors, the model and transformers are exactly as before."""

from __future__ import annotations

import copy
import threading

import pytest
import torch
from transformers import AttentionInterface
from transformers.masking_utils import AttentionMaskInterface

import headscope as hs

IDS = torch.randint(3, 99, (1, 9), generator=torch.Generator().manual_seed(3))
INPUTS = {"input_ids": IDS}


def state(model):
    """Return all state that a capture could disturb."""
    configs = {
        name: copy.deepcopy(module.config.__dict__)
        for name, module in model.named_modules()
        if hasattr(module, "config")
    }
    modes = {name: module.training for name, module in model.named_modules()}
    attributes = {name: sorted(module.__dict__) for name, module in model.named_modules()}
    hooks = {
        name: [len(value) for field, value in module.__dict__.items() if field.endswith("_hooks")]
        for name, module in model.named_modules()
    }
    parameters = {name: (id(value), value._version, value.requires_grad) for name, value in model.named_parameters()}
    return repr(configs), modes, attributes, hooks, parameters


def registered():
    return dict(AttentionInterface()), dict(AttentionMaskInterface())


@pytest.mark.parametrize("kind", ["bert", "gpt2", "mistral", "t5", "bart"])
def test_after_a_capture(new_tiny, kind):
    model = new_tiny(kind)
    before = state(model)
    hs.capture(model, inputs=INPUTS)
    assert state(model) == before


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore:flex_attention called without")
@pytest.mark.parametrize("implementation", ["eager", "sdpa", "flex_attention"])
def test_the_attention_implementation_is_restored(new_tiny, implementation):
    model = new_tiny("bert")
    model.set_attn_implementation(implementation)
    before = state(model)
    capture = hs.capture(model, inputs=INPUTS)
    assert state(model) == before
    assert model.config._attn_implementation == implementation
    assert capture.weights(0, 0).shape == (9, 9)


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_after_an_interrupted_pass(new_tiny, error):
    model = new_tiny("llama")

    def fail(*_):
        raise error("broken off")

    hook = model.layers[1].mlp.register_forward_hook(fail)
    before = state(model)
    with pytest.raises(ValueError if error is RuntimeError else error, match="broken off"):
        hs.capture(model, inputs=INPUTS)
    assert state(model) == before
    hook.remove()
    assert hs.capture(model, inputs=INPUTS).maps["self"].num_layers == 3


def test_modules_in_training_keep_their_own_modes(new_tiny):
    model = new_tiny("bert", hidden_dropout_prob=0.5, attention_probs_dropout_prob=0.5)
    without_dropout = hs.capture(model, inputs=INPUTS).weights(2)
    model.train()
    model.encoder.layer[0].eval()
    before = state(model)
    capture = hs.capture(model, inputs=INPUTS)
    assert state(model) == before
    assert (capture.weights(2) == without_dropout).all(), "a capture runs without dropout"


def test_nothing_is_registered(new_tiny):
    before = registered()
    hs.capture(new_tiny("bert"), inputs=INPUTS)
    hs.capture(new_tiny("t5"), inputs=INPUTS)
    assert registered() == before


@pytest.mark.parametrize("kind", ["bert", "gpt2", "mistral", "gemma2", "gpt_oss"])
def test_the_output_of_the_captured_pass_is_the_models_own(new_tiny, kind):
    model, outputs = new_tiny(kind), []
    model.set_attn_implementation("eager")
    mask = torch.ones_like(IDS)
    mask[0, :2] = 0
    inputs = INPUTS | {"attention_mask": mask}
    with torch.no_grad():
        expected = model(**inputs).last_hidden_state
    model.register_forward_hook(lambda _module, _inputs, output: outputs.append(output.last_hidden_state))
    hs.capture(model, inputs=inputs)
    torch.testing.assert_close(outputs[0][:, 2:], expected[:, 2:], rtol=1e-4, atol=1e-4)


def test_no_graph_is_kept(new_tiny):
    model = new_tiny("llama")
    record = hs.capture(model, inputs=INPUTS).maps["self"].records[0]
    assert not record.query.requires_grad
    assert record.query.grad_fn is None
    assert torch.is_grad_enabled()


def test_a_capture_inside_a_capture_is_refused(new_tiny):
    model, other = new_tiny("bert"), new_tiny("gpt2")
    model.encoder.layer[1].register_forward_hook(lambda *_: hs.capture(other, inputs=INPUTS))
    with pytest.raises(RuntimeError, match="while a capture is running"):
        hs.capture(model, inputs=INPUTS)
    assert hs.capture(other, inputs=INPUTS).maps["self"].num_layers == 3


def test_captures_in_threads_wait_for_each_other(new_tiny):
    model = new_tiny("qwen3")
    expected = [hs.capture(model, inputs={"input_ids": IDS + n}).weights(2) for n in range(6)]
    found = {}

    def run(n):
        found[n] = hs.capture(model, inputs={"input_ids": IDS + n}).weights(2)

    threads = [threading.Thread(target=run, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all((found[n] == expected[n]).all() for n in range(6))
    assert model.config._attn_implementation == "sdpa"


def test_a_pass_of_another_thread_is_not_recorded(new_tiny):
    model = new_tiny("gpt2")

    def run_elsewhere(*_):
        thread = threading.Thread(target=lambda: model.h[0](torch.randn(1, 9, 32)))
        thread.start()
        thread.join()

    hook = model.h[1].register_forward_hook(run_elsewhere)
    capture = hs.capture(model, inputs=INPUTS)
    hook.remove()
    assert capture.maps["self"].num_layers == 3
