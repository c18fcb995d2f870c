"""Encode weights and vectors for pages, and cache encoded tiles."""
