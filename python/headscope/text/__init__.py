"""Tokens, words and segments of a text, and how to find a token."""
