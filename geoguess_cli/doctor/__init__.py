"""What a machine has for geoguess and what it lacks: findings, each with its remedy."""
