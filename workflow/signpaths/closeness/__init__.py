"""How close every pair of signs is in one run of one space."""
