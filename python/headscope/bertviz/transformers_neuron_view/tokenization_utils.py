"""BertViz's `tokenization_utils`: what tokenizers share."""

from headscope.bertviz.transformers_neuron_view.lookup import served

__all__, __getattr__, __dir__ = served(__name__)
