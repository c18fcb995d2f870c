"""Figures: views as SVG, PNG and PDF, drawn without a browser."""
