"""Observe attention calls while a model runs: the three tiers, and the recorder that they feed."""
