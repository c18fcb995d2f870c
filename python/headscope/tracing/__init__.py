"""Run a model once and record each layer's queries and keys.

Only this package knows torch and transformers. Importing it loads neither; importing its modules does. Nothing here
imports `headscope.api`.
"""
