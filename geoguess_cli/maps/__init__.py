"""Probabilities and cells on the Earth: figures, pages, data, and maps for a terminal."""
