"""Training: from photos and cells to weights, in stages of epochs."""
