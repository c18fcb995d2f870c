"""BertViz's `modeling_gpt2`: GPT-2's models."""

from headscope.bertviz.transformers_neuron_view.lookup import served

__all__, __getattr__, __dir__ = served(__name__)
