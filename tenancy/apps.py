from django.apps import AppConfig, apps
from django.contrib.sites.management import create_default_site
from django.db.models.signals import post_migrate, pre_migrate


class TenancyConfig(AppConfig):
    name = "tenancy"
    verbose_name = "Sites"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Imported here, because models can be imported only after all apps are loaded.
        from django.contrib.sites.models import Site

        from accounts.admin.site import site as admin_site
        from tenancy import checks, signals, sites_framework  # noqa: F401
        from tenancy.changes import watches
        from tenancy.changes.affected import observed_changes
        from tenancy.models import Domain, SiteSettings

        sites_framework.bind_sites_framework()
        watches.watch(Site, "SELECT {row}.id")
        watches.watch(Domain, "SELECT {row}.site_id")
        watches.watch(SiteSettings, "SELECT {row}.site_id")
        admin_site.observed_changes = observed_changes
        # There is no default site. newsstand.E005 proves that django.contrib.sites has already connected this receiver.
        post_migrate.disconnect(create_default_site, sender=apps.get_app_config("sites"))
        pre_migrate.connect(signals.remove_triggers, sender=self)
        post_migrate.connect(signals.install_triggers, sender=self)
