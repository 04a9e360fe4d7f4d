"""One more surface, `example`: what the recipe docs/recipes/surface.md says, for tests."""
