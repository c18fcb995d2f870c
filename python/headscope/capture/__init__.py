"""All that knows torch and transformers. Importing this package loads neither; its modules do.

`capture/` runs a model once and keeps each layer's queries and keys; `headscope.attention` turns what it kept into
attention maps. Nothing here imports from there.
"""
