"""BertViz's `tokenization_transfo_xl`: Transformer-XL's tokenizer."""

from headscope.bertviz.transformers_neuron_view.lookup import served

__all__, __getattr__, __dir__ = served(__name__)
