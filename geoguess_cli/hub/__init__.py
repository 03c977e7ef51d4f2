"""The Hugging Face hub: addresses of models there, and the one door to its client."""
