"""The Earth: distances, S2 cells, the partition, borders, places. NumPy and shapely, no torch."""
