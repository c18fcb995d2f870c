"""BertViz's module `transformers_neuron_view`: its names, served by transformers.

BertViz carries modified copies of models, because its neuron view needs their queries and keys. Headscope takes these
from transformers' own classes, which load today's checkpoints; so `BertModel` here is `transformers.BertModel`.

A name that transformers no longer has can still be imported. Using it raises an ImportError that says so. Importing
this module loads neither torch nor transformers; using a name does.
"""

from headscope.bertviz.transformers_neuron_view.lookup import served_by_all

__version__ = "1.1.0"

__all__, __getattr__, __dir__ = served_by_all(__name__)
