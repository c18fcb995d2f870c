"""BertViz's `tokenization_bert`: BERT's tokenizer."""

from headscope.bertviz.transformers_neuron_view.lookup import served

__all__, __getattr__, __dir__ = served(__name__)
