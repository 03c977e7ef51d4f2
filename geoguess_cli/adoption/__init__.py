"""Adoption: a published model becomes a model folder."""
