"""Sources: downloads, archives, folders and tables as people have them, read to a photo table."""
