from django.apps import AppConfig


class BlogsConfig(AppConfig):
    name = "blogs"
    verbose_name = "Content"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # These modules import models, so the apps must be loaded first.
        from blogs import signals, watches

        watches.watch_content()
        signals.connect()
