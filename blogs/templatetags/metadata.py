"""What templates need to tell machines: absolute addresses, exact times, JSON-LD."""

import locale
import re
from datetime import datetime

from django import template
from django.contrib.sites.models import Site
from django.template import Context
from django.utils.safestring import SafeString
from django.utils.translation import to_locale

from blogs import jsonld
from tenancy import sites

register = template.Library()


@register.simple_tag(takes_context=True)
def site_url(context: Context, path: str) -> str:
    """The absolute address of a path of the site."""
    return sites.site_url(context["site"], path)


@register.filter
def logo_path(site: Site) -> str:
    return jsonld.logo_path(site)


@register.filter(expects_localtime=True)
def iso(moment: datetime) -> str:
    """2026-03-14T09:30:00+01:00, with the offset of the site's time zone."""
    return moment.isoformat(timespec="seconds")


@register.filter
def with_territory(language: str) -> str:
    """A locale as Open Graph wants it: pt-br → pt_BR, de → de_DE; empty where the territory is anybody's guess."""
    name = locale.normalize(to_locale(language)).partition(".")[0]
    return name if re.fullmatch(r"[a-z]{2,3}_[A-Z]{2}", name) else ""


@register.simple_tag(takes_context=True)
def home_json_ld(context: Context) -> SafeString:
    return jsonld.script(jsonld.web_site(context["site"]))


@register.simple_tag(takes_context=True)
def post_json_ld(context: Context) -> SafeString:
    site, placement = context["site"], context["placement"]
    posting = jsonld.blog_posting(site, placement, context["canonical"])
    return jsonld.script(posting, jsonld.breadcrumbs(site, placement.post.title))


@register.simple_tag(takes_context=True)
def author_json_ld(context: Context) -> SafeString:
    site, author = context["site"], context["author"]
    return jsonld.script(jsonld.profile_page(site, author, context["canonical"]), jsonld.breadcrumbs(site, author.name))


@register.simple_tag(takes_context=True)
def page_json_ld(context: Context, name: str, kind: str = "WebPage") -> SafeString:
    """`kind` is WebPage or a narrower type of schema.org: CollectionPage for a list."""
    site = context["site"]
    return jsonld.script(jsonld.web_page(site, name, context["canonical"], kind), jsonld.breadcrumbs(site, name))
