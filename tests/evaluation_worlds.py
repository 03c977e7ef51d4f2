"""Six photos whose answers are known by hand: one lies at sea, and one cannot be read."""

AT_SEA = (30.0, -45.0)
PROBABILITIES = (0.5, 0.25, 0.15, 0.1)
ASKED = [  # truth, the towns by falling probability
    ("Helena", ("Helena", "Austin", "Salem", "Boise")),
    ("Helena", ("Austin", "Helena", "Salem", "Boise")),
    ("Austin", ("Austin", "Helena", "Salem", "Boise")),
    ("Salem", ("Helena", "Austin", "Boise", "Salem")),
    ("sea", ("Helena", "Austin", "Salem", "Boise")),
    ("Boise", ("Boise", "Austin", "Salem", "Helena")),  # cannot be read
]
REASON = "5.jpg is not a picture"
