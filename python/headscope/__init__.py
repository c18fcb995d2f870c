"""Headscope."""
