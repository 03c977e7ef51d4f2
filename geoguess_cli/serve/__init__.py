"""A page of one's own: a trained model behind a local server, its photos in memory only."""
