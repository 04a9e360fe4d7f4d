"""Writes posts, and remembers from which files they came."""
