from django.apps import AppConfig, apps
from django.contrib.sites.management import create_default_site
from django.db.models.signals import post_migrate, pre_migrate


class TenancyConfig(AppConfig):
    name = "tenancy"
    verbose_name = "Accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # These need the models to be there.
        from django.contrib.sites.models import Site

        from tenancy import changes, checks, signals, sites  # noqa: F401
        from tenancy.models import Domain, SiteSettings

        sites.bind_sites_framework()
        changes.watch(Site, "SELECT {row}.id")
        changes.watch(Domain, "SELECT {row}.site_id")
        changes.watch(SiteSettings, "SELECT {row}.site_id")
        signals.connect()
        # There is no default site: what is not configured is not served.
        post_migrate.disconnect(create_default_site, sender=apps.get_app_config("sites"))
        pre_migrate.connect(signals.remove_triggers, sender=self)
        post_migrate.connect(signals.install_triggers, sender=self)
