"""BertViz's `modeling_openai`: OpenAI GPT's models."""

from headscope.bertviz.transformers_neuron_view.lookup import served

__all__, __getattr__, __dir__ = served(__name__)
