"""The geolocator: its architecture, its weights, its folder."""
