"""Configurations that ship with the package, each a commented `geoguess.toml`."""
