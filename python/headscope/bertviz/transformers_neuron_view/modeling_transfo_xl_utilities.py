"""BertViz's `modeling_transfo_xl_utilities`: Transformer-XL's softmax."""

from headscope.bertviz.transformers_neuron_view.lookup import served

__all__, __getattr__, __dir__ = served(__name__)
