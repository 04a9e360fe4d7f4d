"""The surface `example`, for tests: it follows each step of docs/recipes/surface.md."""
