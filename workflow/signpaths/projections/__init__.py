"""From hidden states to paths in two and three dimensions, and how far to trust them."""
