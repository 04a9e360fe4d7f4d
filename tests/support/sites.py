"""Read the domains of a site and the references to it from the database."""

from django.apps import apps
from django.contrib.sites.models import Site

from tenancy.models import Domain


def domains_of(site):
    """The names of the primary domain and of the further domains. Asserts that Site.domain is the primary domain."""
    names = list(Domain.objects.filter(site=site).values_list("name", flat=True))
    assert Site.objects.get(pk=site.pk).domain == names[0]
    return names


def references_to(site_id):
    """The sorted "table.column" names of foreign keys to Site and columns `site_id` that contain this site id."""
    found = []
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.concrete_fields:
            refers = field.related_model is Site or field.attname == "site_id"
            if refers and model._base_manager.filter(**{field.attname: site_id}).exists():
                found.append(f"{model._meta.db_table}.{field.column}")
    return sorted(found)
