"""The geolocator: its architecture, its weights and its folder."""
