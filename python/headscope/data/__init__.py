"""Captures, attention maps and their layers as plain NumPy data, independent of torch, files and widgets."""
