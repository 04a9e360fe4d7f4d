"""Roles of users on sites. Only this module reads memberships to decide which actions a user may do.

A superuser is an owner of every site. A pinned process serves one site and grants no role on any other site, not even
to a superuser.
"""

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.sites.models import Site
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet, prefetch_related_objects

from accounts.models import Membership, Role, User

AnyUser = User | AnonymousUser
# The user who makes a change. None is the operator on the command line, who has all permissions.
Actor = AnyUser | None


def is_superuser(user: AnyUser) -> bool:
    """Whether `user` is an active superuser."""
    return isinstance(user, User) and user.is_active and user.is_superuser


def sites_of(user: AnyUser, role: Role = Role.AUTHOR) -> QuerySet[Site]:
    """The sites on which `user` has at least `role`. The queryset can be used as a subquery."""
    sites = Site.objects.all()
    if settings.PINNED_SITE_ID is not None:
        sites = sites.filter(pk=settings.PINNED_SITE_ID)
    if not isinstance(user, User) or not user.is_active:
        return sites.none()
    if user.is_superuser:
        return sites
    return sites.filter(pk__in=Membership.objects.filter(user=user, role__gte=role).values("site"))


def has_role(user: AnyUser, site: Site | int | None, role: Role) -> bool:
    """Whether `user` has at least `role` on the site (a Site or its id). One query serves all calls in a request."""
    site_id = site.pk if isinstance(site, Site) else site
    if site_id is None or settings.PINNED_SITE_ID not in (None, site_id):
        return False
    if is_superuser(user):
        return True
    return _roles(user).get(site_id, 0) >= role


def require_role(by: Actor, site: Site | int, role: Role) -> None:
    """Raises PermissionDenied unless `by` has at least `role` on the site."""
    if by is not None and not has_role(by, site, role):
        raise PermissionDenied(f"{by} is not {role.label.lower()} of the site, which this action requires.")


def require_superuser(by: Actor) -> None:
    """Raises PermissionDenied unless `by` is an active superuser."""
    if by is not None and not is_superuser(by):
        raise PermissionDenied(f"{by} is not a superuser, which this action requires.")


def has_role_anywhere(user: AnyUser, role: Role = Role.AUTHOR) -> bool:
    """Whether `user` has at least `role` on any site that this process serves."""
    if is_superuser(user):
        return True
    return any(held >= role and settings.PINNED_SITE_ID in (None, site_id) for site_id, held in _roles(user).items())


def sees_everything(user: AnyUser) -> bool:
    """Whether `user` may see all rows, including those without a site: a superuser in a process that is not pinned."""
    return is_superuser(user) and settings.PINNED_SITE_ID is None


def known_users(user: AnyUser) -> QuerySet[User]:
    """The users whose names `user` may see: `user` and the members of the sites of `user`."""
    if sees_everything(user):
        return User.objects.all()
    members = Membership.objects.filter(site__in=sites_of(user)).values("user")
    return User.objects.filter(Q(pk__in=members) | Q(pk=user.pk))


def name_of(other: User | None, user: AnyUser) -> str:
    """The name of `other`, or "Another user" if `user` may not see it. None is the command line or a deleted user."""
    if other is None:
        return "A command on the server, or a deleted user,"
    return str(other.get_full_name()) if known_users(user).filter(pk=other.pk).exists() else "Another user"


def _roles(user: AnyUser) -> dict[int, int]:
    """Map site ids to roles. The result is cached on the user object, which Django loads anew for each request."""
    if not isinstance(user, User) or not user.is_active:
        return {}
    prefetch_related_objects([user], "memberships")
    return {membership.site_id: membership.role for membership in user.memberships.all()}
