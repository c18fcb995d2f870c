"""BertViz's modules, names and signatures: a notebook written for BertViz works after changing only its imports.

Parameters and filters are those of BertViz 1.4.1 (Vig 2019, https://arxiv.org/abs/1906.05714). Differences: an error
names the wrong argument, nothing is loaded from a network, and `html_action="view"` shows a live widget.

As in BertViz, `head_view` and `model_view` are the functions, and the modules of these names can be imported from:
`from headscope.bertviz.head_view import head_view`.
"""

from headscope.bertviz import neuron_view
from headscope.bertviz.head_view import head_view
from headscope.bertviz.model_view import model_view
from headscope.bertviz.neuron_view import get_attention

__all__ = ["get_attention", "head_view", "model_view", "neuron_view"]
