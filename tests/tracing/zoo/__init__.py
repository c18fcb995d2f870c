"""Tiny random models of every architecture that Headscope supports, and their own eager attention."""
