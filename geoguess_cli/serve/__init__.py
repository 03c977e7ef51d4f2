"""A trained model behind a local server and its page; photos stay in memory only."""
