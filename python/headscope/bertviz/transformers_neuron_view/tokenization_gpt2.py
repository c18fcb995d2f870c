"""BertViz's `tokenization_gpt2`: GPT-2's tokenizer."""

from headscope.bertviz.transformers_neuron_view.lookup import served

__all__, __getattr__, __dir__ = served(__name__)
