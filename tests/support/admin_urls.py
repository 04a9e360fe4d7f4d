"""The URLs of the admin, taken from its urlconf, so that a test covers each new view."""

import re

from django.urls import URLResolver, get_resolver

from accounts.admin.site import site as admin_site
from accounts.models import User

_KEY = re.compile(r"<(path:object_id|id|int:site_id)>")


def patterns(resolver=None, prefix="/"):
    """Yield (route, pattern) for each view."""
    for pattern in (resolver or get_resolver("accounts.admin.urls")).url_patterns:
        route = prefix + str(pattern.pattern).removeprefix("^")
        if isinstance(pattern, URLResolver):
            yield from patterns(pattern, route)
        else:
            yield route, pattern


def model_of(pattern):
    """The model whose admin contains this URL pattern; None for pages of the AdminSite."""
    model_admin = getattr(pattern.callback, "model_admin", None)
    if model_admin:
        return model_admin.model
    label, _, rest = (pattern.name or "").partition("_")
    model_name = rest.partition("_")[0]
    named = {(m._meta.app_label, m._meta.model_name): m for m in admin_site._registry}
    return named.get((label, model_name))


def addresses(rows):
    """Every URL of the admin, with ids of `rows` as parameters. Fails for an unknown kind of parameter."""
    for route, pattern in patterns():
        model = model_of(pattern)
        if "(?P<app_label>" in route:
            for label in {m._meta.app_label for m in admin_site._registry}:
                yield f"/{label}/"
        elif "(?P<url>" in route:
            yield "/no/such/page"
        elif _KEY.search(route):
            yield with_key(route, rows[model or User].pk)
        elif "<str:name>" in route:
            yield route.replace("<str:name>", rows[model].name)
        else:
            assert "<" not in route, f"`addresses` has no value for the parameter of {route}. Add one."
            yield route


def with_key(route, key):
    """The route with `key` as the id of the row."""
    return _KEY.sub(lambda _found: str(key), route)


def lists():
    return [f"/{m._meta.app_label}/{m._meta.model_name}/" for m in admin_site._registry]
