"""What people read: figures, findings, the method in words, provenance and the page."""
