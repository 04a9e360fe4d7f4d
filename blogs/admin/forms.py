"""Forms of the admin for posts, placements, redirects and what posts are made of."""

import re
import unicodedata
from typing import Any, cast

from django import forms
from django.contrib.redirects.models import Redirect
from django.contrib.sites.models import Site
from django.core.exceptions import ValidationError
from django.utils.text import slugify

from accounts.admin.widgets import SuggestingInput
from accounts.models import Role
from accounts.roles import AnyUser, has_role
from blogs import markdown
from blogs.models import Image, Placement, Post, Tag
from tenancy.media import validate_image

MAX_TAGS = 50
MAX_TAG_LENGTH = 100
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f\\]")


class PostForm(forms.ModelForm):
    user: AnyUser  # who sends the form; like the next one set by the admin
    visible_tags: Any

    new_cover = forms.FileField(
        required=False,
        validators=[validate_image],
        widget=forms.FileInput(attrs={"accept": "image/*"}),
        label="New cover",
        help_text="Uploaded to the post's home and used as its cover.",
    )
    tag_names = forms.CharField(
        required=False,
        widget=SuggestingInput(attrs={"class": "vTextField"}),
        label="Tags",
        help_text="With commas between. What is new comes into being.",
    )

    class Meta:
        model = Post
        fields = ["title", "kind", "home", "excerpt", "body", "cover", "cover_alt", "authors"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "tag_names" in self.fields:
            self.present_tags = list(self.instance.tags.all()) if self.instance.pk else []
            self.fields["tag_names"].initial = ", ".join(map(_shown, self.present_tags))
            names = self.visible_tags.values_list("name", flat=True)[:200]
            cast(SuggestingInput, self.fields["tag_names"].widget).suggestions = [n for n in names if "," not in n]

    def clean_body(self) -> str:
        body = str(self.cleaned_data["body"])
        try:
            markdown.render(body)
        except markdown.TooLarge as error:
            raise ValidationError(str(error)) from error
        return body

    def clean_tag_names(self) -> list[tuple[str, str]]:
        """(slug, name) of each tag, in the order of the text."""
        pairs: dict[str, str] = {}
        known = {tag.name.casefold(): tag for tag in [*self.visible_tags, *self.present_tags]}
        names = list(filter(None, map(str.strip, self.cleaned_data["tag_names"].split(","))))
        if len(names) > max(MAX_TAGS, len(self.present_tags)):
            raise ValidationError(f"A post has at most {MAX_TAGS} tags.")
        for name in names:
            tag = known.get(name.casefold())
            pairs.setdefault(tag.slug if tag else _tag_slug(name), name)
        return list(pairs.items())

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        home, cover = cleaned.get("home"), cleaned.get("cover")
        if home and cover and cover.site_id != home.pk and not cleaned.get("new_cover"):
            self.add_error("cover", f"This image belongs to another site than {home.domain}, the post's home.")
        if (cover or cleaned.get("new_cover")) and not cleaned.get("cover_alt"):
            self.add_error("cover_alt", "Say in words what the cover shows, for those who cannot see it.")
        if home and self.instance.pk and "home" in self.changed_data:
            self._check_move(home, cleaned.get("body", ""))
        return cleaned

    def _check_move(self, home: Site, body: str) -> None:
        was_draft = Post.objects.drafts().filter(pk=self.instance.pk).exists()
        if not was_draft and not has_role(self.user, home, Role.EDITOR):
            self.add_error("home", f"Only editors of {home} can move a published post there.")
        old = self.initial["home"]
        if Image.objects.filter(name__in=markdown.media_names(body), site=old).exists():
            self.add_error("home", "The text shows images of the present home; upload them to the new one first.")

    def save_tags(self) -> None:
        """Tags are shared by slug: what another site has made is the same tag."""
        if "tag_names" in self.changed_data:
            pairs = self.cleaned_data["tag_names"]
            self.instance.tags.set(
                [Tag.objects.get_or_create(slug=slug, defaults={"name": name})[0] for slug, name in pairs]
            )


def _tag_slug(name: str) -> str:
    """The slug of a new tag. It holds all letters: “新闻 Kubernetes” must not take the address of “Kubernetes”."""
    # The length first: normalising takes time that grows with its square.
    slug = slugify(name) if len(name) <= MAX_TAG_LENGTH else ""
    if not slug or len(slug) > MAX_TAG_LENGTH:
        raise ValidationError(
            f"“{name[:MAX_TAG_LENGTH]}” cannot be a tag: it needs a letter or a digit, and at most 100 of them."
        )
    if any(unicodedata.category(c)[0] == "L" and not c.isascii() for c in unicodedata.normalize("NFKD", name)):
        raise ValidationError(f"“{name}” has letters that its address cannot hold; write it with letters a to z.")
    return slug


def _shown(tag: Tag) -> str:
    """What stands for the tag in a list with commas."""
    return tag.slug if "," in tag.name else tag.name


class PlacementForm(forms.ModelForm):
    user: AnyUser  # who sends the form; set by the admin

    class Meta:
        model = Placement
        fields = ["post", "site", "slug", "published_at", "pinned"]
        help_texts = {"published_at": "Empty: a draft. In the future: scheduled. Times are in UTC."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and "site" in self.fields:
            self.fields["site"].disabled = True  # on another site it is another placement

    def has_changed(self) -> bool:
        """A new placement is wanted as soon as it names a site, also when that was chosen beforehand."""
        return super().has_changed() or (not self.instance.pk and bool(self.data.get(self.add_prefix("site"))))

    def clean(self) -> dict[str, Any]:
        """Editors of a site place and publish there; an author may give a draft its place on its home."""
        cleaned = super().clean() or self.cleaned_data
        site = cleaned.get("site") or (self.instance.site if self.instance.site_id else None)
        if site is None or has_role(self.user, site, Role.EDITOR):
            return cleaned
        post = cleaned.get("post")
        if post is None or post.home_id != site.pk:
            self.add_error("site", f"Only editors of {site} can place a post there.")
        elif cleaned.get("published_at") or cleaned.get("pinned"):
            self.add_error("published_at", f"Only editors of {site} can publish there. Leave it empty: a draft.")
        return cleaned


class RedirectForm(forms.ModelForm):
    class Meta:
        model = Redirect
        fields = ["site", "old_path", "new_path"]
        help_texts = {
            "old_path": "A path of the site, like /2015/old-name/",
            "new_path": "A path of the site, or a whole address that begins with https:// or http://",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "new_path" in self.fields:
            self.fields["new_path"].required = True

    def clean_old_path(self) -> str:
        return _path(self.cleaned_data["old_path"])

    def clean_new_path(self) -> str:
        new_path = str(self.cleaned_data["new_path"])
        if re.match(r"https?://[^/?#]", new_path) and not _UNPRINTABLE.search(new_path):
            return new_path
        return _path(new_path)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("old_path") and cleaned.get("old_path") == cleaned.get("new_path"):
            self.add_error("new_path", "It would lead to itself.")
        return cleaned


def _path(text: str) -> str:
    """A path on the same host: browsers take `//` and `/\\` for the begin of another one."""
    if not text.startswith("/") or text.startswith("//") or _UNPRINTABLE.search(text):
        raise ValidationError("Write a path that begins with one /, without spaces and backslashes, like /old-name/.")
    return text
