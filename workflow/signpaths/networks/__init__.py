"""Recurrent networks that learn the signs, and their hidden states."""
