"""The geolocator learns: photos and cells become weights, in stages of epochs."""
