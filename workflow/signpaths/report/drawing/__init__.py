"""Figures, one a module; each takes what is stored and gives a matplotlib figure."""
