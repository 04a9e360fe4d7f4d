"""Everything that can be done to a site: create, rename, add or remove a domain, configure, suspend, move, delete.

`manage.py site` and the admin call these functions. Each checks the permission of `by` and makes its change in one
transaction. `by` is a user, or None for the operator on the command line.
"""

from collections.abc import Mapping
from typing import Any

from django.contrib.sites.models import Site
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.models import Role
from accounts.roles import Actor, require_role, require_superuser
from lib import hostnames
from lib.text_fields import one_line
from tenancy import claims, deployments, media
from tenancy.models import Domain, SiteSettings, State
from tenancy.signals import home_moves

# Settings that an owner of the site may not change.
SUPERUSER_SETTINGS = frozenset({"deployment", "state"})


class DomainTaken(ValidationError):
    """A site already has this domain."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The domain {name} is taken. Choose another, or remove it from its site first.", code="taken")


class NotAFurtherDomain(ValidationError):
    """The site has no further domain with this name."""

    def __init__(self, site: Site, name: str) -> None:
        if name == site.domain:
            reason = f"{name} is the primary domain. Rename the site instead; renaming can release the old domain."
        else:
            reason = f"{site.domain} has no further domain {name}."
        super().__init__(reason, code="not_a_domain")


@transaction.atomic
def create(domain: str, name: str, *, by: Actor, **settings: Any) -> Site:
    """Create a live site. `settings` are fields of SiteSettings.

    Raises ValidationError for invalid values, and PermissionDenied unless `by` is a superuser.
    """
    require_superuser(by)
    domain = claims.claimable(domain)
    site = Site(domain=domain, name=one_line(name))
    _check_not_taken(domain)
    site.full_clean(exclude=["domain"])
    _save(site)
    _claim(site, domain, primary=True)
    site.settings = SiteSettings(site=site, **settings)
    site.settings.full_clean()
    site.settings.save()
    return site


@transaction.atomic
def rename(site: Site, domain: str, *, by: Actor, keep_old: bool = True) -> None:
    """Give the site another primary domain. The old one redirects to it, or is removed without `keep_old`.

    Raises DomainTaken or InvalidDomain, and PermissionDenied unless `by` is a superuser.
    """
    require_superuser(by)
    before, domain = site.domain, claims.claimable(domain)
    _lock(site)
    try:
        # Save the site before its domains, as `create` does: otherwise two claims of the same name could deadlock.
        site.domain = domain
        _save(site, update_fields=["domain"])
        old = site.domains.primary().exclude(name=domain)
        if keep_old:
            old.update(primary=False)
        else:
            old.delete()
        if not site.domains.filter(name=domain).update(primary=True):
            _claim(site, domain, primary=True)
    except DomainTaken:
        site.domain = before
        raise


@transaction.atomic
def add_domain(site: Site, domain: str, *, by: Actor) -> Domain:
    """Add a further domain, which redirects to the primary one.

    Raises DomainTaken or InvalidDomain, and PermissionDenied unless `by` is a superuser.
    """
    require_superuser(by)
    return _claim(site, claims.claimable(domain), primary=False)


@transaction.atomic
def remove_domain(site: Site, domain: str, *, by: Actor) -> None:
    """Remove a domain that redirects to the primary one.

    Raises NotAFurtherDomain if the site has no such domain, or if it is the primary one, and PermissionDenied unless
    `by` is a superuser.
    """
    require_superuser(by)
    name = hostnames.canonical(domain)
    deleted, _ = site.domains.redirecting().filter(name=name).delete()
    if not deleted:
        raise NotAFurtherDomain(site, name)


@transaction.atomic
def change_name(site: Site, name: str, *, by: Actor) -> None:
    """Change the name that its pages show. Raises ValidationError, and PermissionDenied unless `by` is an owner."""
    require_role(by, site, Role.OWNER)
    site.name = one_line(name)
    site.clean_fields(exclude=["domain"])
    site.save(update_fields=["name"])


def suspend(site: Site, *, by: Actor) -> None:
    """Stop serving the site. Nothing is deleted. Raises PermissionDenied unless `by` is a superuser."""
    change_settings(site, {"state": State.SUSPENDED}, by=by)


def resume(site: Site, *, by: Actor) -> None:
    """Serve the site again. A site without settings gets default settings.

    Raises PermissionDenied unless `by` is a superuser.
    """
    change_settings(site, {"state": State.LIVE}, by=by)


def move(site: Site, deployment: str, *, by: Actor) -> None:
    """Serve the site from the deployment at this address. "" means the shared deployment.

    Raises ValidationError if the address is invalid or the deployment does not serve the site, and PermissionDenied
    unless `by` is a superuser.
    """
    change_settings(site, {"deployment": deployment}, by=by)


@transaction.atomic
def change_settings(site: Site, changes: Mapping[str, Any], *, by: Actor) -> SiteSettings:
    """Write `changes`, which maps fields of SiteSettings to values, and return the stored settings.

    A site without settings gets default values for the other fields. Raises ValidationError, by field, and
    PermissionDenied unless `by` is an owner of the site, or a superuser for fields of SUPERUSER_SETTINGS.
    """
    require_role(by, site, Role.OWNER)
    if SUPERUSER_SETTINGS & changes.keys():
        require_superuser(by)
    _lock(site)
    stored = SiteSettings.objects.filter(site=site).first() or SiteSettings(site=site)
    if changes.get("deployment"):
        deployments.check(changes["deployment"], site)
    old_logo = stored.logo.name
    for name, value in changes.items():
        setattr(stored, SiteSettings._meta.get_field(name).name, value)
    # Validate only changed fields: a new rule that another field violates must not block the change. The storage
    # validates the logo.
    unchanged = {field.name for field in SiteSettings._meta.fields} - changes.keys()
    stored.clean_fields(exclude={*unchanged, "logo"})
    stored.save()
    if old_logo and old_logo != stored.logo.name:
        transaction.on_commit(lambda: media.delete_file(stored.logo.storage, old_logo))
    site.settings = stored
    return stored


@transaction.atomic
def delete(site: Site, *, by: Actor, move_home_to: Site | None = None) -> None:
    """Delete the site with its posts, files, domains and members.

    Posts of this site may also be placed on other sites. `move_home_to` becomes the home of these posts; without it the
    function raises ProtectedError. Raises PermissionDenied unless `by` is a superuser.
    """
    require_superuser(by)
    _lock(site)
    if move_home_to == site:
        raise ValidationError(
            f"{site.domain} is to be deleted, so it cannot become the new home. Choose another site.",
            code="same_site",
        )
    if move_home_to is not None:
        home_moves.send(sender=Site, source=site, target=move_home_to)
    site_id = site.pk
    site.delete()
    transaction.on_commit(lambda: media.remove_folder(site_id))


def _lock(site: Site) -> None:
    """Lock the site: other transactions that rename it, delete it or add rows to it wait until this one ends."""
    Site.objects.select_for_update().get(pk=site.pk)


def _save(site: Site, **kwargs: Any) -> None:
    try:
        with transaction.atomic():
            site.save(**kwargs)
    except IntegrityError as error:  # the domain is the only unique column
        raise DomainTaken(site.domain) from error


def _claim(site: Site, name: str, *, primary: bool) -> Domain:
    _check_not_taken(name)
    try:
        with transaction.atomic():
            return Domain.objects.create(site=site, name=name, primary=primary)
    except IntegrityError as error:  # another transaction claimed the name after the check above
        raise DomainTaken(name) from error


def _check_not_taken(name: str) -> None:
    if Domain.objects.filter(name=name).exists():
        raise DomainTaken(name)
