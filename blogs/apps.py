from django.apps import AppConfig


class BlogsConfig(AppConfig):
    name = "blogs"
    verbose_name = "Content"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from blogs import (
            signals,
            watches,
        )  # These modules import models, so they are imported after the apps are loaded.

        watches.watch_content()
        signals.connect()
