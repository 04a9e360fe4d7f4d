from django.apps import AppConfig


class NoticeboardConfig(AppConfig):
    name = "tests.support.noticeboard"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from tenancy.changes.watches import watch
        from tests.support.noticeboard.models import Notice

        watch(Notice, "SELECT {row}.site_id")
