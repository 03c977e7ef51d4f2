"""A trained model answers photos: probabilities, point estimates, credible sets, answers."""
