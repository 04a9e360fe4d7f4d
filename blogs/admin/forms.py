"""Forms of the admin for posts and tags."""

import json
from collections import Counter
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.http import QueryDict

from accounts.admin.widgets import ImageInput, SuggestingInput
from accounts.roles import AnyUser
from blogs import publishing
from blogs.admin.conflicts import EditConflict
from blogs.admin.merging import MergingForm
from blogs.models import Author, Post, Tag
from blogs.slugs import tag_slug
from tenancy.media import validate_image

SUGGESTIONS = 200  # Tags that the field for tags suggests.


class PostForm(MergingForm):
    # The admin sets these attributes for each request.
    user: AnyUser
    visible_tags: models.QuerySet[Tag]

    compared = ("title", "kind", "home", "language", "excerpt", "body", "cover", "cover_alt", "authors", "tag_names")

    new_cover = forms.FileField(
        required=False,
        validators=[validate_image],
        widget=ImageInput,
        label="New cover",
        help_text="Uploads an image to the home of the post and uses it as the cover.",
    )
    tag_names = forms.CharField(
        required=False,
        widget=SuggestingInput(attrs={"class": "vTextField"}),
        label="Tags",
        help_text="Separate tags with commas. New tags are created.",
    )
    seen_version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Post
        fields = ["title", "kind", "home", "language", "excerpt", "body", "cover", "cover_alt", "authors"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        instance = kwargs.get("instance")
        home = instance.home_id if instance and instance.pk else None
        # Only the home's rows are edited. Those of other sites have the same slugs and names of their own.
        self.present_tags = list(Tag.objects.filter(posts=instance, site=home)) if home else []
        self.present_authors = list(Author.objects.filter(posts=instance, site=home)) if home else []
        # A site may call two tags of a shared post the same.
        self.names_in_use = Counter(tag.name.casefold() for tag in self.present_tags)
        self.conflict: EditConflict | None = None
        super().__init__(*args, **kwargs)
        if home:
            self.initial["authors"] = self.present_authors
        if "authors" in self.fields:
            self._chooser_of("authors").site_id = home or (kwargs.get("initial") or {}).get("home")
        if "tag_names" in self.fields:
            self.fields["tag_names"].initial = ", ".join(map(self._tag_text, self.present_tags))
            tags = self.visible_tags.filter(site=home) if home else self.visible_tags
            names = tags.order_by("name").values_list("name", flat=True).distinct()[:SUGGESTIONS]
            cast(SuggestingInput, self.fields["tag_names"].widget).suggestions = [n for n in names if "," not in n]
        if "seen_version" in self.fields:
            self.fields["seen_version"].initial = self.instance.version
        if self.is_bound and self.instance.pk:
            # The conflict page has a check box for each field that both users changed.
            taken = set(cast(QueryDict, self.data).getlist("take_theirs")).intersection(self.stored)
            self.replace_sent({name: self.stored_as_sent(name) for name in taken})

    def stored_value(self, name: str) -> Any:
        if name == "tag_names":
            return {tag.slug: tag.name for tag in self.present_tags}
        if name == "authors":
            return self.present_authors
        return super().stored_value(name)

    def _chooser_of(self, name: str) -> Any:
        widget: Any = self.fields[name].widget
        return getattr(widget, "widget", widget)  # The admin wraps the widgets of relations.

    def _tag_text(self, tag: Tag) -> str:
        """The text for the tag in a list that commas separate: its name, or its slug if the name is not clear there."""
        return tag.slug if "," in tag.name or self.names_in_use[tag.name.casefold()] > 1 else tag.name

    def clean_tag_names(self) -> dict[str, str]:
        """The entered tag names by slug, in the order in which they were typed."""
        tags: dict[str, str] = {}
        home = self.cleaned_data.get("home") or self.instance.home_id
        tags_of_home = [*self.visible_tags.filter(site=home), *self.present_tags]
        known = {name: tag for tag in tags_of_home if self.names_in_use[name := tag.name.casefold()] < 2}
        names = list(filter(None, map(str.strip, self.cleaned_data["tag_names"].split(","))))
        publishing.validate_number_of_tags(len(names), by=self.user, present=len(self.present_tags))
        for name in names:
            tag = known.get(name.casefold())
            tags.setdefault(tag.slug if tag else tag_slug(name), name)
        return tags

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if self.instance.pk and cleaned.get("seen_version") != self.instance.version:
            self.conflict = EditConflict.of(self)
            only_theirs = set(self.changed_by_others).difference(self.changed_data)
            # From now on, the edit of this user is based on the stored version.
            based_on = {"seen_version": str(self.instance.version), "seen": json.dumps(self.stored)}
            self.replace_sent({**based_on, **{name: self.stored_as_sent(name) for name in only_theirs}})
            self.add_error(None, "Nothing was saved yet. Compare both versions above, then save again.")
        return cleaned

    def _post_clean(self) -> None:
        """Validate as `blogs.publishing` does, so that its errors appear at the form fields."""
        super()._post_clean()  # type: ignore[misc]  # Django's own step after `clean`
        if self.instance.home_id:
            uploaded, authors = self.cleaned_data.get("new_cover"), self.cleaned_data.get("authors") or ()
            self.add_errors_of(
                publishing.validate_post, self.instance, by=self.user, new_cover=uploaded, authors=authors
            )

    def changes(self) -> dict[str, Any]:
        changes = super().changes()
        if "tag_names" in changes:
            changes["tags"] = changes.pop("tag_names")
        return changes


class TagForm(forms.ModelForm):
    class Meta:
        model = Tag
        fields = ["site", "name"]

    def _post_clean(self) -> None:
        """Validate as `blogs.publishing` does, so that its errors appear at the form fields."""
        super()._post_clean()  # type: ignore[misc]  # Django's own step after `clean`
        if not self.errors:
            try:
                if not self.instance.pk:
                    publishing.validate_new_tag(self.instance)
                publishing.validate_tag_name(self.instance)
            except ValidationError as error:
                self.add_error(None, error)
