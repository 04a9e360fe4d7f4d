"""Records which release serves pages, and since when. A new release changes pages without a change of a row."""

from datetime import datetime

from django.db import transaction
from django.db.models.functions import Now

from tenancy.models import Release

_ONLY = 1  # the primary key of the only row


def record_release(fingerprint: str) -> datetime:
    """Record that the release with this fingerprint serves pages, and return since when.

    All processes of a release get the same time. If another release served in between, as after a rollback, the time
    is a new one.
    """
    with transaction.atomic():
        Release.objects.get_or_create(pk=_ONLY, defaults={"fingerprint": fingerprint, "serving_since": Now()})
        others = Release.objects.filter(pk=_ONLY).exclude(fingerprint=fingerprint)
        others.update(fingerprint=fingerprint, serving_since=Now())
        return Release.objects.get(pk=_ONLY).serving_since
