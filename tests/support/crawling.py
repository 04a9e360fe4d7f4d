"""Follows the links of a site, as a search engine does."""

from html.parser import HTMLParser
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


class Page(HTMLParser):
    """The parts of a page that the test checks. `own_links` are the links in a post's text, `links` all other links."""

    def __init__(self, html):
        super().__init__()
        self.headings = self.scripts = 0
        self.images, self.links, self.own_links = [], set(), set()
        self.texts = []  # text outside code, scripts and styles
        self.open = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.headings += tag == "h1"
        self.scripts += tag == "script" and attributes.get("type") != "application/ld+json"
        if tag == "img":
            self.images.append(attributes)
        if tag == "a" and attributes.get("href"):
            (self.own_links if any(name == "body" for _, name in self.open) else self.links).add(attributes["href"])
        if tag not in VOID:
            self.open.append((tag, attributes.get("class")))

    def handle_endtag(self, tag):
        while any(name == tag for name, _ in self.open) and self.open.pop()[0] != tag:
            pass

    def sources(self):
        return {image["src"] for image in self.images if image.get("src")}

    def handle_data(self, data):
        if not {tag for tag, _ in self.open} & {"code", "pre", "script", "style"}:
            self.texts.append(data)


def crawl(site, visit, start=("/",)):
    """Every page that a client reaches from `start` without following links in the texts of posts."""
    pages, waiting, seen = {}, list(start), set(start)
    while waiting:
        path = waiting.pop()
        response = visit(site, path, cached=False)
        assert response.status_code == 200, path
        if not response["Content-Type"].startswith("text/html"):
            continue
        page = pages[path] = Page(response.content.decode())
        found = {urldefrag(urljoin(path, link)).url for link in page.links if not urlsplit(link).scheme} - seen
        seen |= found
        waiting += found
    return pages


def dead_links(pages, site, visit):
    """The links within the site, in the texts of posts, that lead to no page, not even by a redirect."""
    links = {
        urldefrag(urljoin(path, link)).url
        for path, page in pages.items()
        for link in page.own_links
        if not urlsplit(link).scheme and not urlsplit(link).netloc
    }
    return sorted(link for link in links if not leads_to_a_page(link, site, visit))


def leads_to_a_page(link, site, visit):
    response = visit(site, unquote(link), cached=False)
    if response.status_code in (301, 308):
        response = visit(site, response["Location"], cached=False)
    return response.status_code == 200
