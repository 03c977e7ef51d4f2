"""Photos: the photo table, its splits, and decoded pictures."""
