"""The three stages, the epoch loop and what it remembers."""
