"""Tells where a photo was taken: adaptive S2 cells, a CNN + ViT classifier, maps that explain."""

__version__ = "0.1.0"
