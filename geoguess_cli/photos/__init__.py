"""Photos: files and tables read to a photo table, its splits, and decoded pictures."""
