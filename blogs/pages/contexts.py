"""The template context of each public page, as typed dictionaries.

Templates get dictionaries instead of model instances, because Django evaluates `post.title` as `post["title"]` first,
and for an instance this raises a costly exception. Dates are in the site's language and time zone.
"""

from typing import TypedDict

from django.utils.safestring import SafeString


class LinkContext(TypedDict):
    """A link to a page of the site: an author, a tag or a month."""

    name: str
    path: str


class MenuItem(TypedDict):
    title: str
    path: str
    lang: str  # like `ListedPost.lang`


class DateContext(TypedDict):
    iso: str  # 2026-03-14
    text: str  # March 14, 2026


class ImageContext(TypedDict):
    """An image of the site. The size is in pixels."""

    path: str
    width: int | None
    height: int | None


class CoverContext(ImageContext):
    alt: str


class SiteContext(TypedDict):
    """The properties of the site that all its pages use."""

    name: str
    tagline: str
    accent: str
    accent_style: str
    favicon: str  # path
    feed: str  # path
    hidden: bool  # whether search engines must not index the site
    home: str  # path
    language: str
    logo: ImageContext | None
    own_lang: str  # ` lang="cs"` below an element with `words_lang`, otherwise empty
    preview_image: ImageContext  # of pages without a cover
    origin: str  # The URL of the site without a final slash, such as http://techblog.localhost.
    right_to_left: bool
    styles: dict[str, str]  # URLs of the style sheets: base, code, theme
    territory: str  # en_US; empty if the language has no usual territory
    theme: str
    touch_icon: str  # path
    words_lang: str  # ` lang="en"` for an element with a word in an attribute, if words are in another language


class BaseContext(TypedDict):
    """The variables that `render_page` passes to every template."""

    canonical: str  # absolute URL
    menu: list[MenuItem]
    path: str
    plain_words: dict[str, str]  # for attributes and titles; the keys are the fields of `lib.languages.Words`
    site: SiteContext
    words: dict[str, SafeString]  # as HTML


class ListedPost(TypedDict):
    """A post in a list."""

    path: str
    title: str
    summary: str
    pinned: bool
    published: DateContext
    authors: list[LinkContext]
    cover: CoverContext | None
    lang: str  # attributes for the text of a post in another language than the page, otherwise empty


class PostContext(TypedDict):
    """A post or a page at its own address."""

    path: str
    title: str
    excerpt: str
    summary: str
    body_html: str  # sanitised
    published: DateContext
    published_at: str  # RFC 3339, with the offset of the site's time zone
    modified_at: str  # RFC 3339 as well, and never before `published_at`
    updated: DateContext | None  # None if the post was last changed on the day of its publication
    month: LinkContext
    authors: list[LinkContext]
    tags: list[LinkContext]  # like `authors`, empty for a page
    cover: CoverContext | None
    lang: str  # like `ListedPost.lang`
    site_lang: str  # attributes for words of the site within an element with `lang`, otherwise empty
    language: str  # of the text, or empty if it is the language of the site
    territory: str  # like `SiteContext.territory`, for `language`


class PostList(TypedDict):
    """One page of a list of posts."""

    posts: list[ListedPost]
    before: int | None  # The value of ?before= for the next page, or None on the last page.
    is_first: bool


class TagContext(LinkContext):
    feed: str  # path


class AuthorContext(LinkContext):
    bio: str


class HomePage(TypedDict):
    post_list: PostList


class PostPage(TypedDict):
    post: PostContext
    canonical: str  # The absolute URL at the home of the post if the post is live there, otherwise on this site.


class TagPage(TypedDict):
    tag: TagContext
    post_list: PostList


class AuthorPage(TypedDict):
    author: AuthorContext
    post_list: PostList


class MonthPage(TypedDict):
    month: str  # March 2026
    post_list: PostList


class NotFoundPage(TypedDict):
    pass


class GonePage(TypedDict):
    pass


PageContext = HomePage | PostPage | TagPage | AuthorPage | MonthPage | NotFoundPage | GonePage
