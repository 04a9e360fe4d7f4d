"""What templates need to tell readers and machines: who wrote a post, and JSON-LD."""

from django import template
from django.template import Context
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import Truncator

from blogs.pages import jsonld
from blogs.pages.presenters import Shown

DESCRIPTION_LENGTH = 300

register = template.Library()


@register.filter
def description(text: str) -> str:
    """As much of a text as search engines and previews show."""
    return text if len(text) <= DESCRIPTION_LENGTH else Truncator(text).chars(DESCRIPTION_LENGTH)


@register.filter
def byline(authors: list[Shown]) -> SafeString:
    """“Ada, Grace and Lin”, each a link."""
    links = [f'<a href="{author["path"]}" rel="author">{escape(author["name"])}</a>' for author in authors]
    return mark_safe(" and ".join(filter(None, [", ".join(links[:-1]), *links[-1:]])))


@register.simple_tag(takes_context=True)
def home_json_ld(context: Context) -> SafeString:
    return jsonld.script(jsonld.web_site(context["site"]))


@register.simple_tag(takes_context=True)
def post_json_ld(context: Context) -> SafeString:
    site, post = context["site"], context["post"]
    posting = jsonld.blog_posting(site, post, context["canonical"])
    return jsonld.script(posting, jsonld.breadcrumbs(site, post["title"]))


@register.simple_tag(takes_context=True)
def author_json_ld(context: Context) -> SafeString:
    site, author = context["site"], context["author"]
    return jsonld.script(jsonld.profile_page(site, author, context["canonical"]), jsonld.breadcrumbs(site, author.name))


@register.simple_tag(takes_context=True)
def page_json_ld(context: Context, name: str, kind: str = "WebPage") -> SafeString:
    """`kind` is WebPage or a narrower type of schema.org: CollectionPage for a list."""
    site = context["site"]
    return jsonld.script(jsonld.web_page(site, name, context["canonical"], kind), jsonld.breadcrumbs(site, name))
