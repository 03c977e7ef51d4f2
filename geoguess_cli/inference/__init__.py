"""A trained model at work: predictions, metrics, evaluation."""
