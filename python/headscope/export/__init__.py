"""Export views as standalone pages, as pictures, and as the snapshots that a saved notebook shows."""
