"""Values that are computed from settings once, because each access to Django's lazy settings costs 0.3 µs."""

from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

from django.core.signals import setting_changed

Value = TypeVar("Value")


def computed_once(compute: Callable[[], Value]) -> Callable[[], Value]:
    """Decorator: `compute` runs at the first call, and again after a test has changed a setting."""
    cached = cache(compute)

    def forget(**kwargs: Any) -> None:
        cached.cache_clear()

    setting_changed.connect(forget, weak=False)
    return cached
