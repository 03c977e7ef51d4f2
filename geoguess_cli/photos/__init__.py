"""Photos as a table, then as tensors."""
