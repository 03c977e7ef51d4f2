"""Features of photos, computed once and kept on disk."""
