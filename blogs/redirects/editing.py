"""Saves and deletes single redirects, for the admin."""

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.roles import Actor
from blogs import permissions
from blogs.models import Redirect
from blogs.redirects import rules
from blogs.redirects.plans import Plan, lock, stored_targets


@transaction.atomic
def save(redirect: Redirect, *, by: Actor) -> None:
    """Store a new redirect, or the changes of a stored one, with its paths in their normal form.

    Redirects that lead to its old path then lead to its target. Raises ValidationError by field, Redirect.DoesNotExist,
    and PermissionDenied unless `by` is an editor of its site.
    """
    if redirect.pk is not None:  # the site in memory may differ from the stored site
        permissions.require(permissions.can_edit_redirect, by, _locked(redirect))
    permissions.require(permissions.can_edit_redirect, by, redirect)
    redirect.clean_fields(exclude=["old_path", "new_path"])
    lock(redirect.site)
    plan = validate(redirect)
    redirect.save()
    plan._replace(new=[], changed=[]).write(redirect.site)


@transaction.atomic
def delete(redirect: Redirect, *, by: Actor) -> None:
    """Delete the redirect. Raises Redirect.DoesNotExist, and PermissionDenied unless `by` is an editor of its site."""
    stored = _locked(redirect)
    permissions.require(permissions.can_edit_redirect, by, stored)
    stored.delete()


def validate(redirect: Redirect) -> Plan:
    """Write the paths in their normal form to `redirect`, and return what saving it changes.

    The target becomes the end of its chain. Raises ValidationError, by field.
    """
    site = redirect.site
    typed = rules.read(redirect.old_path, redirect.new_path, domains=rules.domains_of(site))
    stored = stored_targets(site)
    if redirect.pk is not None:
        former = Redirect.objects.on(site).filter(pk=redirect.pk).values_list("old_path", flat=True).first()
        before = stored.pop(former, None) if former is not None else None
        if before is not None and former == typed.old and before == typed.new:
            return Plan([], [], [], [], [])
    if typed.old in stored:
        raise ValidationError(
            {
                "old_path": f"{rules.shown(typed.old)} already has a redirect, to"
                f" {stored[typed.old] or 'nothing (410)'}. Change or delete that one."
            }
        )
    plan = Plan.of(site, stored, [typed])
    if plan.refused:
        raise ValidationError({refusal.field: refusal.reason for refusal in plan.refused})
    redirect.old_path, redirect.new_path = typed.old, plan.new[0].after
    return plan


def _locked(redirect: Redirect) -> Redirect:
    return Redirect.objects.select_for_update().get(pk=redirect.pk)
