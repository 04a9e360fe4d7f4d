"""Template tags and filters for descriptions and JSON-LD."""

from django import template
from django.template import Context
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from blogs.pages import jsonld
from blogs.pages.contexts import AuthorContext, PostContext, SiteContext

DESCRIPTION_LENGTH = 300

register = template.Library()


@register.filter
def description(text: str) -> str:
    """Cut the text to the length that search engines and link previews show."""
    return text if len(text) <= DESCRIPTION_LENGTH else Truncator(text).chars(DESCRIPTION_LENGTH)


@register.simple_tag(takes_context=True)
def home_json_ld(context: Context) -> SafeString:
    site: SiteContext = context["site"]
    return jsonld.script(jsonld.web_site(site))


@register.simple_tag(takes_context=True)
def post_json_ld(context: Context) -> SafeString:
    site: SiteContext = context["site"]
    post: PostContext = context["post"]
    posting = jsonld.blog_posting(site, post, context["canonical"])
    return jsonld.script(posting, jsonld.breadcrumbs(site, post["title"]))


@register.simple_tag(takes_context=True)
def author_json_ld(context: Context) -> SafeString:
    site: SiteContext = context["site"]
    author: AuthorContext = context["author"]
    profile = jsonld.profile_page(site, author, context["canonical"])
    return jsonld.script(profile, jsonld.breadcrumbs(site, author["name"]))


@register.simple_tag(takes_context=True)
def page_json_ld(context: Context, name: str, kind: str = "WebPage", language: str = "") -> SafeString:
    """Structured data of a page. `kind` is WebPage or a subtype of schema.org, such as CollectionPage for a list.

    `language` is that of the text if it is not the language of the site.
    """
    site: SiteContext = context["site"]
    return jsonld.script(
        jsonld.web_page(site, name, context["canonical"], kind, language), jsonld.breadcrumbs(site, name)
    )
