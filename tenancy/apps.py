from django.apps import AppConfig, apps
from django.contrib.sites.management import create_default_site
from django.db.models.signals import post_migrate, pre_migrate


class TenancyConfig(AppConfig):
    name = "tenancy"
    verbose_name = "Accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from tenancy import changes, checks, signals, sites  # noqa: F401  # they need the models

        sites.bind_sites_framework()
        signals.connect()
        changes.watch("django_site", "SELECT {row}.id")
        changes.watch("tenancy_domain", "SELECT {row}.site_id")
        changes.watch("tenancy_sitesettings", "SELECT {row}.site_id")
        # There is no default site: what is not configured is not served.
        post_migrate.disconnect(create_default_site, sender=apps.get_app_config("sites"))
        pre_migrate.connect(signals.remove_triggers, sender=self)
        post_migrate.connect(signals.install_triggers, sender=self)
