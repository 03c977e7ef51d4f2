"""Why the model answers so, and where on the map: occlusion, probability maps, figures."""
