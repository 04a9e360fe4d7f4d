"""In the admin, editors of the home edit its posts, authors edit their drafts, and editors of a site publish on it."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import DELETION, LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from accounts.models import Membership, Role
from blogs import publishing
from blogs.models import Author, Image, Placement, Post, Tag
from tests.support.admin import errors, fields, form_of, saved, send
from tests.support.pictures import picture

pytestmark = pytest.mark.rollback

ADD = "/blogs/post/add/"


def change(post):
    return f"/blogs/post/{post.pk}/change/"


def place(site, **values):
    return "placements", {"site": site.pk, "slug": "", "published_at_0": "", "published_at_1": "", **values}


def now():
    time = timezone.now() - timedelta(minutes=1)
    return {"published_at_0": time.strftime("%Y-%m-%d"), "published_at_1": time.strftime("%H:%M:%S")}


@pytest.fixture
def image(techblog):
    image = Image(site=techblog, file=picture(), title="Machine room")
    image.save()
    return image


@pytest.mark.django_db(transaction=True)
def test_an_editor_writes_and_publishes_a_post(techblog, editor, admin_as, visit):
    written = {"title": "Hello there", "home": techblog.pk, "body": "Some *text*.", "tag_names": "Python, Big Iron"}
    publish = {f"placements-0-{name}": value for name, value in now().items()}

    assert saved(send(admin_as(editor), ADD, **written, **publish))

    post = Post.objects.get()
    assert post.created_by == editor
    assert {(tag.slug, tag.name) for tag in post.tags.all()} == {("python", "Python"), ("big-iron", "Big Iron")}
    assert Placement.objects.get().slug == "hello-there"
    assert visit(techblog, "/hello-there/").status_code == 200


def test_an_editor_sets_the_language_of_a_post_and_a_forged_language_is_refused(techblog, editor, publish, admin_as):
    post, client = publish("Hello", on=techblog).post, admin_as(editor)

    assert fields(client, change(post))["language"] == ""
    assert saved(send(client, change(post), language="ar"))
    assert Post.objects.get().language == "ar"
    assert errors(send(client, change(post), language="xx"))
    assert Post.objects.get().language == "ar"


def test_the_add_form_preselects_the_only_site_of_a_user(techblog, financeblog, editor, superuser, admin_as):
    assert fields(admin_as(editor), ADD)["home"] == str(techblog.pk)
    assert "home" not in {name for name, value in fields(admin_as(superuser), ADD).items() if value}


@pytest.mark.parametrize("model", ["author", "image", "placement", "redirect", "tag"])
def test_each_add_form_preselects_the_only_site_of_a_user(model, techblog, financeblog, editor, superuser, admin_as):
    assert fields(admin_as(editor), f"/blogs/{model}/add/")["site"] == str(techblog.pk)
    assert not fields(admin_as(superuser), f"/blogs/{model}/add/").get("site")


def test_saving_the_add_form_with_the_preselected_site_creates_a_placement(techblog, author, admin_as):
    assert fields(admin_as(author), ADD)["placements-0-site"] == str(techblog.pk)

    assert saved(send(admin_as(author), ADD, title="Mine"))

    placement = Placement.objects.get()
    assert (placement.slug, placement.site, placement.published_at) == ("mine", techblog, None)


def test_an_author_of_several_posts_is_listed_once_in_the_list_of_authors(techblog, editor, publish, admin_as):
    ada = Author.objects.create(site=techblog, slug="ada", name="Ada Once")
    for n in range(3):
        publish(f"Post {n}", on=techblog).post.authors.add(ada)

    assert admin_as(editor).get("/blogs/author/").content.decode().count(">Ada Once</a>") == 1


def test_an_author_writes_a_draft_with_a_placement_on_its_home(techblog, author, admin_as):
    assert saved(send(admin_as(author), ADD, title="Mine", **{"placements-0-slug": "mine"}))

    placement = Placement.objects.get()
    assert (placement.slug, placement.site, placement.published_at) == ("mine", techblog, None)


def test_an_author_can_publish_only_on_sites_where_they_are_an_editor(techblog, financeblog, author, admin_as):
    Membership.objects.create(user=author, site=financeblog, role=Role.EDITOR)
    both = admin_as(author)
    live_at_home = {f"placements-0-{name}": value for name, value in now().items()}

    response = send(both, ADD, title="Mine", home=techblog.pk, **{"placements-0-site": techblog.pk}, **live_at_home)

    assert "Only editors of techblog.test can publish, schedule or pin posts on this site" in errors(response)
    assert not Placement.objects.exists()
    assert saved(
        send(both, ADD, title="Mine", home=techblog.pk, **{"placements-0-site": financeblog.pk}, **live_at_home)
    )


def test_a_forged_publication_time_of_an_author_is_ignored(techblog, author, admin_as):
    live = {f"placements-0-{name}": value for name, value in {**now(), "pinned": "on", "slug": "mine"}.items()}

    send(admin_as(author), ADD, title="Mine", **live)

    assert list(Placement.objects.values_list("published_at", "pinned")) == [(None, False)]


def test_an_author_cannot_place_a_post_on_another_site(techblog, financeblog, author, admin_as):
    Membership.objects.create(user=author, site=financeblog, role=Role.AUTHOR)

    response = send(admin_as(author), ADD, title="Mine", home=techblog.pk, **{"placements-0-site": financeblog.pk})

    assert "Only editors of financeblog.test can place a post of another site on this site" in errors(response)


def test_an_author_edits_only_their_own_drafts(techblog, author, publish, admin_as):
    mine = publish("Mine", on=techblog, at=None, created_by=author)
    other = publish("Of another author", on=techblog, at=None)
    once_mine = publish("Mine and live", on=techblog, created_by=author)
    client = admin_as(author)

    assert saved(send(client, change(mine.post), title="Still mine"))
    for placement in (other, once_mine):
        assert client.get(change(placement.post)).status_code == 200
        assert client.post(change(placement.post), {"title": "Taken"}).status_code == 403
        assert client.post(f"/blogs/post/{placement.post_id}/delete/", {"post": "yes"}).status_code == 403
        client.post("/blogs/post/", {"action": "delete_selected", "_selected_action": placement.post_id, "post": "yes"})
    assert set(Post.objects.values_list("title", flat=True)) == {"Still mine", "Of another author", "Mine and live"}


def test_an_author_cannot_edit_their_own_post_once_it_is_scheduled(techblog, author, publish, admin_as):
    placement = publish("Soon", on=techblog, at=timezone.now() + timedelta(days=1), created_by=author)

    assert admin_as(author).post(change(placement.post), {"title": "Taken"}).status_code == 403


def test_an_author_who_unpins_a_placement_on_the_home_gets_an_error_and_keeps_the_entered_text(
    techblog, financeblog, author, editor, publish, admin_as
):
    # So that the form has the field `pinned`.
    Membership.objects.create(user=author, site=financeblog, role=Role.EDITOR)
    post = publish("Mine", on=techblog, at=None, pinned=True, created_by=author).post
    unpinned = {"title": "Typed", "placements-0-pinned": ""}

    response = send(admin_as(author), change(post), **unpinned)
    assert "Only editors of techblog.test can publish, schedule or pin posts on this site" in errors(response)
    assert form_of(response)["title"] == "Typed"
    assert saved(send(admin_as(editor), change(post), **unpinned))
    assert (Post.objects.get().title, post.placements.get().pinned) == ("Typed", False)


@pytest.mark.django_db(transaction=True)
def test_an_editor_of_another_site_unpublishes_a_post_there_but_cannot_edit_it(
    shared, financeblog, member, admin_as, visit
):
    client = admin_as(member("editor", of=financeblog))
    there = shared.placements.get(site=financeblog)

    assert client.get(change(shared)).status_code == 302
    assert client.post(change(shared), {"title": "Taken"}).status_code == 404
    assert saved(send(client, f"/blogs/placement/{there.pk}/change/", slug="moved"))
    assert visit(financeblog, "/moved/").status_code == 200
    client.post("/blogs/placement/", {"action": "unpublish", "_selected_action": there.pk})

    assert visit(financeblog, "/moved/").status_code == 404
    assert Post.objects.get().title == "Ledgers in Python"
    assert shared.placements.exclude(pk=there.pk).get().is_live


def test_a_placement_on_a_site_without_a_role_is_neither_shown_nor_changed(
    shared, financeblog, techblog, editor, admin_as
):
    there = shared.placements.get(site=financeblog)
    client = admin_as(editor)

    page = client.get(change(shared)).content.decode()
    assert "python-ledgers" not in page
    assert "ledgers" in page
    assert saved(send(client, change(shared), title="Ledgers anew"))

    unchanged = shared.placements.get(site=financeblog)
    assert (unchanged.slug, unchanged.published_at) == (there.slug, there.published_at)


def test_the_history_of_a_post_does_not_mention_placements_on_other_sites(shared, financeblog, editor, owner, admin_as):
    Membership.objects.create(user=owner, site=financeblog, role=Role.EDITOR)
    row = next(n for n, placement in enumerate(shared.placements.all()) if placement.site_id == financeblog.pk)
    both = admin_as(owner)

    assert saved(send(both, change(shared), **{f"placements-{row}-slug": "hidden-name"}))

    history = f"/blogs/post/{shared.pk}/history/"
    assert "Owner of Techblog" in admin_as(editor).get(history).content.decode()
    for page in (history, change(shared), "/", "/blogs/post/", f"/blogs/post/{shared.pk}/delete/"):
        for secret in ("hidden-name", "python-ledgers", "financeblog"):
            assert secret not in admin_as(editor).get(page).content.decode(), page
    there = shared.placements.get(site=financeblog)
    assert "Changed slug" in both.get(f"/blogs/placement/{there.pk}/history/").content.decode()


def test_a_placement_on_a_site_without_a_role_is_refused(techblog, financeblog, editor, publish, admin_as):
    post = publish("Hello", on=techblog).post
    client = admin_as(editor)

    assert "valid choice" in errors(send(client, change(post), place(financeblog)))
    response = send(client, "/blogs/placement/add/", post=post.pk, site=financeblog.pk, slug="x")
    assert "valid choice" in errors(response)
    assert not financeblog.placements.exists()


def test_a_placement_of_a_post_of_another_site_is_refused(techblog, financeblog, editor, publish, admin_as):
    foreign = publish("Hello", on=financeblog).post

    response = send(admin_as(editor), "/blogs/placement/add/", post=foreign.pk, site=techblog.pk, slug="x")

    assert "valid choice" in errors(response)
    assert not techblog.placements.exists()


def test_an_author_cannot_publish_drafts_of_others_on_a_site_where_they_are_an_editor(
    techblog, financeblog, author, publish, admin_as
):
    membership = Membership.objects.create(user=author, site=financeblog, role=Role.EDITOR)
    draft = publish("Of another author", on=techblog, at=None).post
    live = publish("Mine and live", on=techblog, created_by=author).post
    mine = publish("Mine", on=techblog, at=None, created_by=author).post
    client = admin_as(author)
    chooser = "/autocomplete/?app_label=blogs&model_name=placement&field_name=post"

    assert [row["text"] for row in client.get(chooser).json()["results"]] == ["Mine"]
    for post in (draft, live):
        response = send(client, "/blogs/placement/add/", post=post.pk, site=financeblog.pk, **now())
        assert "valid choice" in errors(response)
        assert post.title not in client.get(f"/blogs/placement/add/?post={post.pk}").content.decode()
    assert not financeblog.placements.exists()
    assert saved(send(client, "/blogs/placement/add/", post=mine.pk, site=financeblog.pk, **now()))

    Membership.objects.filter(user=author).exclude(pk=membership.pk).update(role=Role.EDITOR)
    assert len(client.get(chooser).json()["results"]) == 3
    assert saved(send(client, "/blogs/placement/add/", post=draft.pk, site=financeblog.pk, **now()))
    assert financeblog.placements.live().count() == 2


def test_inline_rows_with_the_id_of_a_placement_of_another_post_are_refused(
    techblog, financeblog, editor, publish, admin_as
):
    post = publish("Hello", on=techblog).post
    foreign = publish("Far away", on=financeblog, slug="far")
    sibling = publish("Beside", on=techblog, slug="beside")
    client = admin_as(editor)

    for stolen in (foreign, sibling):
        forged = {"placements-0-id": stolen.pk, "placements-0-slug": "stolen"}
        assert errors(send(client, change(post), **forged))
        # Django ignores this row, because the post has no such placement.
        send(client, change(post), **forged, **{"placements-0-DELETE": "on"})
    assert set(Placement.objects.values_list("slug", flat=True)) == {"hello", "far", "beside"}


def test_homes_authors_and_covers_of_other_sites_are_refused(techblog, financeblog, editor, publish, admin_as):
    post = publish("Hello", on=techblog).post
    theirs = Author.objects.create(site=financeblog, slug="them", name="Them")
    publish("Far away", on=financeblog).post.authors.add(theirs)
    cover = Image(site=financeblog, file=picture())
    cover.save()
    client = admin_as(editor)

    for forged in ({"home": financeblog.pk}, {"authors": [theirs.pk]}, {"cover": cover.pk, "cover_alt": "It"}):
        assert "valid choice" in errors(send(client, change(post), **forged))
        assert "valid choice" in errors(send(client, ADD, title="New", **forged))
    post.refresh_from_db()
    assert (post.home, post.cover, post.authors.count(), Post.objects.count()) == (techblog, None, 0, 2)


def test_only_editors_of_the_new_home_move_a_published_post_there(techblog, financeblog, editor, publish, admin_as):
    membership = Membership.objects.create(user=editor, site=financeblog, role=Role.AUTHOR)
    post = publish("Hello", on=techblog).post
    client = admin_as(editor)

    assert "Only editors of financeblog.test" in errors(send(client, change(post), home=financeblog.pk))
    membership.role = Role.EDITOR
    membership.save()
    assert saved(send(client, change(post), home=financeblog.pk))


@pytest.mark.django_db(transaction=True)
def test_clearing_the_publication_time_gives_404_and_deleting_the_placement_410(
    techblog, editor, publish, admin_as, visit
):
    first, second = publish("First", on=techblog), publish("Second", on=techblog)
    client = admin_as(editor)

    cleared = {"placements-0-published_at_0": "", "placements-0-published_at_1": ""}
    assert saved(send(client, change(first.post), **cleared))
    assert saved(send(client, change(second.post), **{"placements-0-DELETE": "on"}))

    assert visit(techblog, "/first/").status_code == 404
    assert visit(techblog, "/second/").status_code == 410
    assert list(Placement.objects.values_list("slug", "published_at")) == [("first", None)]


def test_publish_now_and_unpublish_change_only_placements_on_sites_of_the_user(
    techblog, financeblog, editor, publish, admin_as
):
    later = timezone.now() + timedelta(days=1)
    mine = [publish("Draft", on=techblog, at=None), publish("Soon", on=techblog, at=later)]
    theirs = publish("Draft", on=financeblog, at=None)
    chosen = [placement.pk for placement in (*mine, theirs)]
    client = admin_as(editor)

    client.post("/blogs/placement/", {"action": "publish_now", "_selected_action": chosen})
    assert Placement.objects.live().count() == 2
    client.post("/blogs/placement/", {"action": "unpublish", "_selected_action": chosen, "select_across": 1})

    assert Placement.objects.drafts().count() == 3


def test_a_refused_save_responds_with_the_values_that_the_user_entered(techblog, author, publish, admin_as):
    placement = publish("Mine", on=techblog, at=None, created_by=author)
    client, address = admin_as(author), change(placement.post)
    typed = fields(client, address) | {"body": "A text that is stored nowhere else."}

    publishing.publish(placement, by=None)
    denied = client.post(address, typed)
    placement.post.delete()
    missing = client.post(address, typed)

    assert (denied.status_code, missing.status_code) == (403, 404)
    for response in (denied, missing):
        assert "A text that is stored nowhere else." in response.content.decode()
        assert "csrf" not in response.content.decode().partition("This is what you sent")[2]


def test_removing_a_placement_adds_a_deletion_to_the_log_of_the_admin(techblog, editor, publish, admin_as):
    placement = publish("Hello", on=techblog)

    assert saved(send(admin_as(editor), change(placement.post), **{"placements-0-DELETE": "on"}))

    assert LogEntry.objects.filter(object_id=placement.pk, action_flag=DELETION).count() == 1


def test_an_author_can_edit_the_text_of_their_pinned_draft_but_cannot_unpin_or_remove_it(
    techblog, financeblog, author, publish, admin_as
):
    # The form contains the field `pinned`, because the author is an editor of another site.
    Membership.objects.create(user=author, site=financeblog, role=Role.EDITOR)
    post = publish("Mine", on=techblog, at=None, pinned=True, created_by=author).post
    client = admin_as(author)

    assert saved(send(client, change(post), title="Still mine"))
    unpinned = {name: value for name, value in fields(client, change(post)).items() if name != "placements-0-pinned"}
    for forged in (unpinned, {**unpinned, "placements-0-DELETE": "on"}):
        response = client.post(change(post), forged)
        assert "Only editors of techblog.test can publish, schedule or pin posts on this site" in errors(response)
    assert Placement.objects.get().pinned


def test_filtering_by_a_value_that_the_filter_does_not_offer_matches_no_row(techblog, superuser, publish, admin_as):
    publish("Hello", on=techblog)
    client = admin_as(superuser)

    for address, offered, other in (
        ("/blogs/post/?status=", "live", "x"),
        ("/blogs/placement/?state=", "live", "x"),
        ("/sites/site/?state=", "live", "x"),
    ):
        counts = [client.get(address + value).context_data["cl"].result_count for value in (offered, other)]
        assert counts == [1, 0], address


def test_a_typed_slug_that_is_taken_reserved_or_empty_is_refused_with_its_reason(techblog, editor, publish, admin_as):
    publish("Hello", on=techblog)
    client = admin_as(editor)

    taken = send(client, ADD, title="Other", **{"placements-0-slug": "Hello"})
    assert "/hello/ is taken on techblog.test." in errors(taken)
    assert "“Hello”" not in taken.content.decode()
    assert "/feed/ is reserved" in errors(send(client, ADD, title="Other", **{"placements-0-slug": "FEED"}))
    assert "no letter and no digit" in errors(send(client, ADD, title="Other", **{"placements-0-slug": "!!"}))
    assert "at most 200" in errors(send(client, ADD, title="Other", **{"placements-0-slug": "я" * 201}))
    assert Post.objects.count() == 1


@pytest.mark.parametrize(
    ("title", "slug"),
    [("Hello", "hello-2"), ("Feed", "feed-2"), ("Привет, мир", "привет-мир"), ("!!", "post"), ("🔥", "fire")],
)
def test_a_post_without_a_slug_gets_a_free_one_made_from_its_title(title, slug, techblog, editor, publish, admin_as):
    publish("Hello", on=techblog)

    assert saved(send(admin_as(editor), ADD, title=title, **{"placements-0-pinned": "on"}))

    assert Placement.objects.get(slug=slug).post.title == title


def test_a_typed_slug_gets_the_form_of_slugs(techblog, editor, publish, admin_as):
    placement = publish("Hello", on=techblog)
    client, address = admin_as(editor), f"/blogs/placement/{placement.pk}/change/"

    for typed, slug in (("My-Post", "my-post"), ("नमस्ते दुनिया", "नमस्ते-दुनिया"), ("Straße 1.2", "strasse-1-2")):
        assert saved(send(client, address, slug=typed))
        assert Placement.objects.get().slug == slug
    version = Post.objects.get().version
    assert saved(send(client, address, slug="STRASSE 1.2"))
    assert Post.objects.get().version == version
    assert 'href="http://techblog.test/strasse-1-2/"' in client.get(address).content.decode()


def test_the_link_to_a_page_beyond_ascii_is_percent_encoded(techblog, editor, publish, admin_as):
    placement = publish("Привет", on=techblog)

    page = admin_as(editor).get(f"/blogs/placement/{placement.pk}/change/").content.decode()

    assert 'href="http://techblog.test/%D0%BF%D1%80%D0%B8%D0%B2%D0%B5%D1%82/"' in page


def test_an_uploaded_cover_is_stored_on_the_home_and_requires_alt_text(techblog, editor, admin_as):
    client = admin_as(editor)

    assert "Describe the cover" in errors(send(client, ADD, title="Hello", new_cover=picture()))
    assert not Image.objects.exists()
    assert saved(send(client, ADD, title="Hello", new_cover=picture(), cover_alt="A room"))

    post = Post.objects.get()
    assert post.cover.site == techblog
    assert list(post.images.all()) == [post.cover]


def test_a_cover_from_another_site_of_the_user_is_refused(techblog, financeblog, editor, image, admin_as):
    Membership.objects.create(user=editor, site=financeblog, role=Role.EDITOR)

    response = send(admin_as(editor), ADD, title="Hi", home=financeblog.pk, cover=image.pk, cover_alt="It")

    assert "belongs to another site" in errors(response)


def bomb():
    header = bytearray(picture().read())
    header[16:24] = (60_000).to_bytes(4, "big") * 2
    return SimpleUploadedFile("bomb.png", bytes(header))


@pytest.mark.parametrize(
    "file",
    [
        SimpleUploadedFile("cover.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'),
        SimpleUploadedFile("cover.png", b"only a text"),
        SimpleUploadedFile("cover.png", b"GIF89a" + bytes(11 * 1024 * 1024)),
        bomb(),
    ],
    ids=["svg", "text", "too large", "bomb"],
)
def test_a_file_that_is_not_an_image_is_refused_with_an_error_at_its_field_and_not_stored(
    file, techblog, owner, admin_as, settings
):
    client = admin_as(owner)
    forms = [
        (ADD, {"title": "Hello", "cover_alt": "It", "new_cover": file}),
        ("/blogs/image/add/", {"file": file}),
        (f"/sites/site/{techblog.pk}/change/", {"settings-0-logo": file}),
    ]

    for address, data in forms:
        file.seek(0)
        assert "image" in errors(send(client, address, **data)).lower()
    assert not Image.objects.exists()
    assert not Post.objects.exists()
    assert not [path for path in settings.MEDIA_ROOT.rglob("*") if path.is_file()]


def test_an_image_that_a_post_shows_is_not_deleted(techblog, editor, image, publish, admin_as):
    publish("Shows it", on=techblog, cover=image, cover_alt="It")
    client = admin_as(editor)

    page = client.get(f"/blogs/image/{image.pk}/delete/").content.decode()
    client.post(f"/blogs/image/{image.pk}/delete/", {"post": "yes"})
    client.post("/blogs/image/", {"action": "delete_selected", "_selected_action": image.pk, "post": "yes"})

    assert "The post “Shows it” shows this image" in page
    assert Image.objects.exists()
    Post.objects.all().delete()
    client.post(f"/blogs/image/{image.pk}/delete/", {"post": "yes"})
    assert not Image.objects.exists()


def test_only_members_of_its_site_see_an_image_in_the_admin(
    techblog, financeblog, image, author, member, stranger, admin_as
):
    address = f"/blogs/image/file/{image.name}"

    response = admin_as(author).get(address)
    assert (response.status_code, response["Content-Type"]) == (200, "image/png")
    assert response["Cache-Control"] == "private, max-age=3600"
    assert admin_as(member("owner", of=financeblog)).get(address).status_code == 404
    assert admin_as(stranger).get(address).status_code == 302


def test_existing_tags_keep_their_names_and_slugs(techblog, editor, publish, admin_as):
    post = publish("Hello", on=techblog).post
    renamed = Tag.objects.create(site=techblog, slug="go", name="Golang")
    comma = Tag.objects.create(site=techblog, slug="a-b", name="A, B")
    post.tags.add(renamed, comma)
    client = admin_as(editor)

    assert saved(send(client, change(post), tag_names=fields(client, change(post))["tag_names"] + ", golang,, New"))

    assert set(post.tags.values_list("slug", flat=True)) == {"go", "a-b", "new"}
    assert "cannot be a tag" in errors(send(client, change(post), tag_names="!!"))


def test_tags_of_any_language_are_created(techblog, editor, admin_as):
    client = admin_as(editor)
    names = "数据库, 新闻 Kubernetes, Kubernetes, Kubernetesß, Łódź, 日本語 Go, Café Zürich, C, C++ ✓, C#"

    assert saved(send(client, ADD, title="Hello", tag_names=names))

    assert set(Tag.objects.values_list("slug", flat=True)) == {
        "数据库", "新闻-kubernetes", "kubernetes", "kubernetesss", "lodz", "日本語-go", "cafe-zurich", "c",
        "c-plus-plus", "c-sharp",
    }  # fmt: skip


def test_long_tags_and_more_than_fifty_tags_are_refused(techblog, editor, publish, admin_as):
    post = publish("Hello", on=techblog).post
    client = admin_as(editor)
    many = ", ".join(f"t{n}" for n in range(51))

    # Normalising this text would take minutes.
    assert "at most 100" in errors(send(client, change(post), tag_names="a" + "\u0300\u0323" * 500_000))
    assert "at most 50 tags" in errors(send(client, change(post), tag_names=many))
    post.tags.set(Tag.objects.create(site=techblog, slug=f"t{n}", name=f"t{n}") for n in range(51))
    assert saved(send(client, change(post), title="Imported with more"))
    assert post.tags.count() == 51


def test_only_a_change_of_the_text_sets_the_update_time(techblog, editor, publish, admin_as):
    long_ago = timezone.now() - timedelta(days=9)
    post = publish("Hello", on=techblog, updated_at=long_ago).post
    client = admin_as(editor)

    assert saved(send(client, change(post), tag_names="Python"))
    assert Post.objects.get().updated_at == long_ago
    assert saved(send(client, change(post), body="New."))
    assert Post.objects.get().updated_at > long_ago


def test_editors_create_authors_of_their_site_and_authors_see_them(
    techblog, financeblog, editor, author, member, publish, admin_as
):
    Author.objects.create(site=financeblog, slug="ada-lovelace", name="Ada Lovelace")
    client, colleague, elsewhere = admin_as(editor), admin_as(author), admin_as(member("owner", of=financeblog))
    for _ in range(2):
        assert saved(send(client, "/blogs/author/add/", name="Ada Lovelace", bio="Wrote programs."))
    post = publish("Hello", on=techblog, at=None, created_by=author).post
    first, second = Author.objects.filter(site=techblog).order_by("pk")

    assert (first.slug, second.slug) == ("ada-lovelace", "ada-lovelace-2")
    assert saved(send(colleague, change(post), authors=[first.pk]))
    assert colleague.get("/blogs/author/add/").status_code == 403
    assert "ada-lovelace-2" not in elsewhere.get("/blogs/author/").content.decode()
    assert "valid choice" in errors(send(client, "/blogs/author/add/", name="Ada", site=financeblog.pk))


@pytest.mark.parametrize("model", [Tag, Author])
def test_editors_rename_the_tags_and_authors_of_their_site_only(model, techblog, financeblog, author, editor, admin_as):
    own, foreign = (model.objects.create(site=site, slug="x", name="X") for site in (techblog, financeblog))
    client, kind = admin_as(editor), model._meta.model_name

    assert admin_as(author).post(f"/blogs/{kind}/{own.pk}/change/", {"name": "Mine"}).status_code == 403
    assert client.post(f"/blogs/{kind}/{foreign.pk}/change/", {"name": "Mine"}).status_code == 404
    assert saved(send(client, f"/blogs/{kind}/{own.pk}/change/", name="Renamed"))
    assert "required" in errors(send(client, f"/blogs/{kind}/{own.pk}/change/", name=""))
    assert dict(model.objects.values_list("site__domain", "name")) == {
        "techblog.test": "Renamed",
        "financeblog.test": "X",
    }


def test_a_new_tag_that_the_site_already_has_is_refused_with_the_reason(techblog, financeblog, editor, admin_as):
    Tag.objects.create(site=financeblog, slug="go", name="Go")
    client = admin_as(editor)

    assert saved(send(client, "/blogs/tag/add/", name="Go"))
    assert "already has the tag “Go”" in errors(send(client, "/blogs/tag/add/", name="go!"))
    assert "cannot be a tag" in errors(send(client, "/blogs/tag/add/", name="!"))


def test_an_author_that_a_post_names_is_not_deleted(techblog, editor, publish, admin_as):
    ada = Author.objects.create(site=techblog, slug="ada", name="Ada")
    post = publish("Hello", on=techblog).post
    post.authors.add(ada)
    client, address = admin_as(editor), f"/blogs/author/{ada.pk}/delete/"

    assert "The post “Hello” has “Ada”" in client.get(address).content.decode()
    client.post(address, {"post": "yes"})
    assert Author.objects.exists()
    post.authors.clear()
    client.post(address, {"post": "yes"})
    assert not Author.objects.exists()


def test_only_superusers_link_an_author_to_an_account(techblog, editor, superuser, stranger, admin_as):
    ada = Author.objects.create(site=techblog, slug="ada", name="Ada")
    address = f"/blogs/author/{ada.pk}/change/"

    assert "user" not in fields(admin_as(editor), address)
    assert saved(send(admin_as(editor), address, user=stranger.pk, name="Countess"))
    assert Author.objects.get().user is None
    assert saved(send(admin_as(superuser), address, user=stranger.pk))
    assert Author.objects.get().user == stranger
    refused = send(admin_as(superuser), "/blogs/author/add/", site=techblog.pk, name="Other", user=stranger.pk)
    assert "already linked to another author" in errors(refused)


def test_the_form_shows_and_edits_only_the_tags_and_authors_of_the_home(
    shared, techblog, financeblog, editor, admin_as
):
    guest = Tag.objects.create(site=financeblog, slug="python", name="Snakes")
    ada, other = (Author.objects.create(site=site, slug="ada", name=site.name) for site in (techblog, financeblog))
    publishing.edit_post(shared, {"tags": {"python": "Python"}, "authors": [ada]}, by=None, version=1)
    client = admin_as(editor)

    page = client.get(change(shared)).content.decode()
    assert "Snakes" not in page
    assert fields(client, change(shared))["tag_names"] == "Python"
    assert fields(client, change(shared))["authors"] == [str(ada.pk)]
    assert "valid choice" in errors(send(client, change(shared), authors=[other.pk]))
    assert saved(send(client, change(shared), tag_names="Python, Books"))
    names = set(shared.tags.values_list("site__domain", "name"))
    assert names == {
        ("techblog.test", "Python"),
        ("techblog.test", "Books"),
        ("financeblog.test", guest.name),
        ("financeblog.test", "Books"),
    }


def test_the_chooser_of_a_post_offers_only_authors_of_its_home(techblog, financeblog, editor, publish, admin_as):
    Membership.objects.create(user=editor, site=financeblog, role=Role.EDITOR)
    for site in (techblog, financeblog):
        Author.objects.create(site=site, slug="ada", name="Ada")
    client, post = admin_as(editor), publish("Hello", on=techblog).post
    chooser = "/autocomplete/?app_label=blogs&model_name=post&field_name=authors&term=ada"

    assert f"?site={techblog.pk}" in client.get(change(post)).content.decode()
    assert [row["text"] for row in client.get(chooser).json()["results"]] == [
        "Ada · techblog.test",
        "Ada · financeblog.test",
    ]
    (offered,) = client.get(f"{chooser}&site={techblog.pk}").json()["results"]
    assert offered["text"] == "Ada · techblog.test"
    foreign = Author.objects.get(site=financeblog)
    assert "Authors of another site: Ada" in errors(send(client, change(post), authors=[foreign.pk]))


def test_a_redirect_to_a_path_or_an_absolute_url_is_accepted(techblog, editor, admin_as):
    client = admin_as(editor)

    for number, target in enumerate(["/new/", "https://elsewhere.test/x?y=1", "http://elsewhere.test"]):
        redirect = {"old_path": f"/old-{number}/", "new_path": target}
        assert saved(send(client, "/blogs/redirect/add/", site=techblog.pk, **redirect)), target


def test_a_redirect_with_an_invalid_source_or_target_is_refused(techblog, editor, admin_as):
    client = admin_as(editor)
    targets = [
        "//evil.test/",
        "/\\evil.test",
        "javascript:alert(1)",
        "new",
        "/old/",
        "/OLD",
        "https://",
        "/a b/",
        "/x/*",
    ]
    sources = ["old", "//old", "https://elsewhere.test/old/", "/feed/", "/old/?p=1", "/old/#x", "/media/x", "/o*"]

    for old, new in [*(("/old/", target) for target in targets), *((source, "/new/") for source in sources)]:
        assert errors(send(client, "/blogs/redirect/add/", site=techblog.pk, old_path=old, new_path=new)), (
            old,
            new,
        )


def test_a_save_keeps_two_tags_that_the_site_calls_the_same(techblog, editor, admin_as, publish):
    post = publish("Hello", on=techblog).post
    publishing.edit_post(post, {"tags": {"python": "Python", "fresh": "Fresh"}}, by=None, version=1)
    Tag.objects.filter(slug="fresh").update(name="Python")
    address = f"/blogs/post/{post.pk}/change/"
    client = admin_as(editor)

    filled = fields(client, address)
    assert filled["tag_names"] == "fresh, python"
    assert saved(client.post(address, filled | {"tag_names": "fresh, python, New"}))
    assert sorted(post.tags.values_list("slug", flat=True)) == ["fresh", "new", "python"]
