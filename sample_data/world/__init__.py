"""The sample world: an invented, deterministic stand-in for street photos of ten real states."""
