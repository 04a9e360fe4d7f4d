"""System checks for each way to misconfigure Newsstand. Each message says what to do."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections, models, router
from django.urls import URLPattern, URLResolver, get_resolver

from tenancy import surfaces
from tenancy.changes.watches import all_watches, watched
from tenancy.dynamic import PREFIX, is_dynamic
from tenancy.models import Generation, SiteSettings
from tenancy.themes import DEFAULT_THEME, theme_names

# Pairs of apps whose order in INSTALLED_APPS matters: (first, second, what fails in the other order).
APP_ORDER = [
    ("django.contrib.sites", "tenancy", "`migrate` would create the site example.com"),
    ("accounts", "django.contrib.admin", "Django's templates would replace those of the admin"),
]
FIRST = "tenancy.middleware.SiteMiddleware"


@register
def site_middleware_is_first(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """ALLOWED_HOSTS = ["*"] is safe only because this middleware refuses unknown hosts before any other runs."""
    if settings.MIDDLEWARE[:1] == [FIRST]:
        return []
    return [Error(f"{FIRST} is not the first middleware.", hint="Put it first in MIDDLEWARE.", id="newsstand.E001")]


@register
def site_id_is_not_djangos(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    if getattr(settings, "SITE_ID", None) is None:
        return []
    return [
        Error(
            "SITE_ID is set in Django's settings; get_current_site() would ignore the host.",
            hint="Remove it. To pin a process to one site set SITE_ID in its environment.",
            id="newsstand.E002",
        )
    ]


@register
def surfaces_have_different_hosts(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    by_host = defaultdict(list)
    for surface in surfaces.with_own_host():
        by_host[getattr(settings, surface.host_setting, "")].append(surface.host_setting)
    return [
        Error(
            f"{' and '.join(names)} are both {host}.",
            hint="Give the surfaces different host names.",
            id="newsstand.E003",
        )
        for host, names in by_host.items()
        if host and len(names) > 1
    ]


@register
def surfaces_are_known(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    unknown = sorted(set(settings.SURFACES) - set(surfaces.names()))
    if settings.SURFACES and not unknown:
        return []
    return [
        Error(
            f"SURFACES names unknown surfaces: {', '.join(unknown)}." if unknown else "SURFACES is empty.",
            hint=f"Name one or more of: {', '.join(surfaces.names())}. The table in tenancy/surfaces.py defines them.",
            id="newsstand.E004",
        )
    ]


@register
def apps_are_in_order(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """No other order of the apps matters: `watch` works from any app's `ready`."""
    names = [app.name for app in apps.get_app_configs()]
    return [
        Error(
            f"{first} comes after {second} in INSTALLED_APPS; {failure}.",
            hint=f"Move {first} before {second}.",
            id="newsstand.E005",
        )
        for first, second, failure in APP_ORDER
        if names.index(first) > names.index(second)
    ]


@register
def watched_tables_are_beside_generations(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """A trigger writes the site's generation in the transaction of the change, so both need the same database."""
    home = router.db_for_write(Generation)
    return [
        Error(
            f"{model._meta.label} is watched but written to the database {router.db_for_write(model)!r}; the"
            f" generations of sites are in {home!r}, so its changes would never reach cached pages.",
            hint="Route both models to one database (DATABASE_ROUTERS), or do not call watch() for this model.",
            id="newsstand.E006",
        )
        for model in sorted(watched(), key=lambda model: model._meta.label)
        if router.db_for_write(model) != home
    ]


@register
def locked_queries_read_locked_tables(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """Transactions on two tables of one query wait for each other only if both tables are watched with `lock_by`."""
    locked = {watch.table for watch in all_watches() if watch.lock_by}
    return [
        Error(
            f"The query of a watch of {watch.model._meta.label} with lock_by={watch.lock_by!r} reads {table}, which is"
            " not watched with lock_by; concurrent changes of both tables could leave cached pages outdated.",
            hint=f"Watch {table} with lock_by too, or remove lock_by from the watch of {watch.model._meta.label}.",
            id="newsstand.E009",
        )
        for watch in all_watches()
        if watch.lock_by
        for table in sorted(watch.tables_read - locked - {model._meta.db_table for model in watch.immutable})
    ]


@register(Tags.database)
def themes_of_sites_are_installed(
    app_configs: Any, databases: Sequence[str] | None = None, **kwargs: Any
) -> Sequence[CheckMessage]:
    """Warn of sites whose theme is not installed. Runs before each `migrate`, and with `check --database default`."""
    database = router.db_for_read(SiteSettings)
    if database not in (databases or ()):
        return []
    if SiteSettings._meta.db_table not in connections[database].introspection.table_names():
        return []  # not migrated yet
    missing = SiteSettings.objects.exclude(theme__in=theme_names()).values("theme")
    return [
        checks.Warning(
            f"{row['sites']} sites use the theme {row['theme']!r}, which is not installed; they are served in"
            f" {DEFAULT_THEME!r}.",
            hint="Install the theme again, or choose another theme for these sites in the admin.",
            id="newsstand.W001",
        )
        for row in missing.annotate(sites=models.Count("pk")).order_by("theme")
    ]


@register
def surfaces_have_hosts(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """Each surface needs a host, even one that this process does not serve: no site may claim that host."""
    return [
        Error(
            f"The surface {surface.name} has no host: {surface.host_setting} is missing.",
            hint=f"Set the environment variable {surface.host_setting}, and read it in settings/base.py and"
            " settings/production.py.",
            id="newsstand.E007",
        )
        for surface in surfaces.with_own_host()
        if not getattr(settings, surface.host_setting, "")
    ]


@register
def dynamic_views_are_below_their_prefix(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """The path of a view decides whether it gets POST and bypasses the page cache, so it must match the decorator."""
    if not surfaces.BLOGS.is_served:
        return []
    return [
        Error(
            f"The view {name} is {'' if is_marked else 'not '}decorated with dynamic_view, but its path is {path}.",
            hint=f"Decorate exactly the views below {PREFIX} with tenancy.dynamic.dynamic_view.",
            id="newsstand.E008",
        )
        for path, name, is_marked in _views(get_resolver(surfaces.BLOGS.urlconf).url_patterns, "/")
        if is_marked != is_dynamic(path)
    ]


def _views(patterns: Sequence[URLPattern | URLResolver], prefix: str) -> Iterator[tuple[str, str, bool]]:
    """(Path, name, whether dynamic_view decorates it) of each view below `prefix`."""
    for pattern in patterns:
        path = prefix + str(pattern.pattern).removeprefix("^")
        if isinstance(pattern, URLResolver):
            yield from _views(pattern.url_patterns, path)
        else:
            yield path, pattern.lookup_str, getattr(pattern.callback, "is_dynamic", False)
