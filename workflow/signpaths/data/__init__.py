"""From raw recordings to padded examples and their splits."""
