"""What speaks for closeness from outside: mistakes on held-out examples, and claims."""
