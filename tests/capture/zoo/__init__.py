"""Tiny random models of every architecture that Headscope says it captures, and their own eager attention."""
