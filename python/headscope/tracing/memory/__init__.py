"""The memory of a capture: estimates, limits, offloading to disk, moving between devices."""
