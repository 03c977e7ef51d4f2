"""The look of every figure: theme, lettering, saving."""
