"""Adds members to a site, changes their roles and removes them."""

from collections.abc import Sequence

from django.contrib.sites.models import Site
from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import Membership, Role
from accounts.roles import Actor, is_superuser, require_role


@transaction.atomic
def change(
    site: Site,
    *,
    by: Actor,
    added: Sequence[Membership] = (),
    changed: Sequence[Membership] = (),
    removed: Sequence[Membership] = (),
) -> None:
    """Store new members of the site, write the roles of the changed ones and delete the removed ones, all or none.

    Raises ValidationError, and PermissionDenied unless `by` is an owner of the site.
    """
    require_role(by, site, Role.OWNER)
    # With this lock, two owners cannot remove each other at the same time.
    Site.objects.select_for_update().get(pk=site.pk)
    validate(site, by=by, added=added, changed=changed, removed=removed)
    site.memberships.filter(pk__in=[membership.pk for membership in removed]).delete()
    for membership in changed:
        site.memberships.filter(pk=membership.pk).update(role=membership.role)
    for membership in added:
        membership.site = site
        membership.full_clean()
        membership.save()


def validate(
    site: Site,
    *,
    by: Actor,
    added: Sequence[Membership] = (),
    changed: Sequence[Membership] = (),
    removed: Sequence[Membership] = (),
) -> None:
    """Raises ValidationError if a user would be a member twice, or if the last owner would leave the site.

    Only a superuser or the operator may leave a site without an owner.
    """
    stored: dict[int, int] = dict(site.memberships.values_list("user_id", "role"))
    roles = {user_id: role for user_id, role in stored.items() if user_id not in {one.user_id for one in removed}}
    roles.update({one.user_id: one.role for one in changed if one.user_id in roles})
    for membership in added:
        if membership.user_id in roles:
            raise ValidationError(
                f"{membership.user} is already a member. A member has exactly one role; change it in the existing row."
            )
        roles[membership.user_id] = membership.role
    may_leave_none = by is None or is_superuser(by)
    if Role.OWNER in stored.values() and Role.OWNER not in roles.values() and not may_leave_none:
        raise ValidationError("The site would be left without an owner. Give another member the role “Owner” first.")
