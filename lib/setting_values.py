"""Values that are computed from settings once, because each access to Django's lazy settings costs 0.3 µs."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, ParamSpec, TypeVar, cast

from django.core.signals import setting_changed

Value = TypeVar("Value")
Arguments = ParamSpec("Arguments")


def computed_once(compute: Callable[[], Value]) -> Callable[[], Value]:
    """Decorator: `compute` runs at the first call, and again after a test has changed a setting."""
    return remembered(1)(compute)


def remembered(maxsize: int) -> Callable[[Callable[Arguments, Value]], Callable[Arguments, Value]]:
    """Decorator: `functools.lru_cache` that forgets everything when a test changes a setting."""

    def decorate(compute: Callable[Arguments, Value]) -> Callable[Arguments, Value]:
        cached = lru_cache(maxsize=maxsize)(compute)

        def forget(**kwargs: Any) -> None:
            cached.cache_clear()

        setting_changed.connect(forget, weak=False)
        return cast(Callable[Arguments, Value], cached)

    return decorate
