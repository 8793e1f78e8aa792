"""Which pairs stay close over retrainings, how sure that is, and where the spread comes from."""
