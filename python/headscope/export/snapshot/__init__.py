"""Snapshots: the views that a saved notebook shows while no kernel runs."""
