"""Audio, video and captions: upload, which sites serve them, and parts of files."""

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction

from blogs import publishing
from blogs.homes import move_home
from blogs.models import Image, MediaFile, Placement, Post
from lib.media_files import CONTENT_TYPES
from tenancy import lifecycle
from tests.support.admin import errors, fields, form_of, saved
from tests.support.pictures import picture
from tests.support.recordings import FILES, SAMPLES, SECRET, recording

pytestmark = pytest.mark.sqlite

ADD = "/blogs/mediafile/add/"


@pytest.fixture
def upload(techblog):
    """upload(".mp4", on=site): a stored media file."""

    def upload(suffix=".mp4", on=techblog):
        media_file = MediaFile(site=on, file=recording(suffix), title="A recording")
        publishing.create_file(media_file, by=None)
        return media_file

    return upload


def body_of(response):
    return b"".join(response)


def test_the_files_of_a_live_post_are_served_with_their_types_and_without_metadata(techblog, upload, publish, visit):
    addresses = {suffix: upload(suffix).get_absolute_url() for suffix in FILES}
    publish("Shows them", on=techblog, body=" ".join(f"[x]({address})" for address in addresses.values()))

    for suffix, address in addresses.items():
        response = visit(techblog, address)
        assert response.status_code == 200
        assert response["Content-Type"] == CONTENT_TYPES[suffix]
        assert response["X-Content-Type-Options"] == "nosniff"
        assert b"Secret" not in body_of(response)


def test_a_file_is_public_only_while_a_live_post_of_the_site_shows_it(techblog, financeblog, upload, publish, visit):
    address = upload().get_absolute_url()
    assert visit(techblog, address).status_code == 404
    placement = publish("Draft", on=techblog, at=None, body=f"<video><source src='{address}'></video>")
    assert visit(techblog, address).status_code == 404

    publishing.publish(placement, by=None)

    assert (visit(techblog, address).status_code, visit(financeblog, address).status_code) == (200, 404)

    publish("Thief", on=financeblog, body=f"![]({address})")
    assert visit(financeblog, address).status_code == 404

    publish("", on=financeblog, post=placement.post, slug="shared")
    assert visit(financeblog, address).status_code == 200


def test_a_poster_and_captions_of_a_video_are_served(techblog, upload, publish, visit):
    poster, captions = Image.objects.create(site=techblog, file=picture()), upload(".vtt")
    files = [file.get_absolute_url() for file in (upload(), poster, captions)]

    publish("Film", on=techblog, body="<video src={} poster={}><track src={} srclang=en></video>".format(*files))

    assert [visit(techblog, file).status_code for file in files] == [200, 200, 200]


def test_a_part_of_a_file_is_served_and_a_page_ignores_a_range(techblog, upload, publish, visit):
    media_file = upload(".mp4")
    publish("Film", on=techblog, body=f"![]({media_file.get_absolute_url()})")
    whole = body_of(visit(techblog, media_file.get_absolute_url()))

    part = visit(techblog, media_file.get_absolute_url(), range="bytes=4-7")

    assert (part.status_code, body_of(part)) == (206, b"ftyp")
    assert part["Content-Range"] == f"bytes 4-7/{len(whole)}"
    assert part["Cache-Control"] == "public, max-age=31536000, immutable"
    assert visit(techblog, media_file.get_absolute_url(), range=f"bytes={len(whole)}-").status_code == 416
    assert SAMPLES in whole
    page = visit(techblog, "/film/", range="bytes=0-1")
    assert page.status_code == 200
    assert "media-src 'self';" in page["Content-Security-Policy"]


@pytest.mark.rollback
def test_authors_upload_files_on_their_sites_and_editors_rename_and_delete_them(
    techblog, financeblog, author, editor, stranger, upload
):
    publishing.create_file(MediaFile(site=techblog, file=recording()), by=author)
    for site, user in ((financeblog, author), (techblog, stranger)):
        with pytest.raises(PermissionDenied):
            publishing.create_file(MediaFile(site=site, file=recording()), by=user)
    media_file = MediaFile.objects.get()
    for change in (
        lambda: publishing.rename_file(media_file, "x", by=author),
        lambda: publishing.delete_file(media_file, by=author),
    ):
        with pytest.raises(PermissionDenied):
            change()

    assert publishing.rename_file(media_file, "After", by=editor).title == "After"
    publishing.delete_file(media_file, by=editor)
    assert not MediaFile.objects.exists()


@pytest.mark.rollback
def test_a_file_that_a_post_shows_is_not_deleted(techblog, upload, editor, publish):
    media_file = upload()
    publish("Film", on=techblog, at=None, body=f"![]({media_file.get_absolute_url()})")

    with pytest.raises(publishing.FileInUse, match="The post “Film” shows this file"):
        publishing.delete_file(media_file, by=editor)


@pytest.mark.parametrize("removal", ["file", "site", "transaction"])
def test_the_file_is_removed_with(techblog, settings, upload, removal):
    if removal == "transaction":
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            upload()
            1 / 0  # noqa: B018
    else:
        media_file = upload()
        assert len(stored_files(settings)) == 1
        if removal == "file":
            publishing.delete_file(media_file, by=None)
        else:
            lifecycle.delete(techblog, by=None)

    assert stored_files(settings) == []


@pytest.mark.rollback
def test_files_move_with_a_shared_post_to_its_new_home(techblog, financeblog, shared, upload, settings):
    media_file = upload()
    publishing.edit_post(shared, {"body": f"![]({media_file.get_absolute_url()})"}, by=None, version=shared.version)

    move_home(techblog, financeblog)

    media_file.refresh_from_db()
    assert media_file.site == financeblog
    assert (settings.MEDIA_ROOT / str(financeblog.pk) / media_file.name).exists()


@pytest.mark.rollback
def test_an_author_uploads_a_file_in_the_admin_which_shows_its_markdown(techblog, author, admin_as):
    client = admin_as(author)

    added = client.post(ADD, {**fields(client, ADD), "title": "A talk", "file": recording()})

    assert saved(added)
    media_file = MediaFile.objects.get()
    assert (media_file.site, media_file.width, media_file.height) == (techblog, 640, 360)
    listed = client.get("/blogs/mediafile/").content.decode()
    assert f"<code>![A talk]({media_file.get_absolute_url()})</code>" in listed
    assert f'<video class="preview" src="/blogs/mediafile/file/{media_file.name}" aria-label="A talk"' in listed
    preview = client.get(f"/blogs/mediafile/file/{media_file.name}", headers={"range": "bytes=0-9"})
    assert (preview.status_code, preview["Cache-Control"]) == (206, "private, max-age=3600")


REFUSED = {
    "a PDF": (b"%PDF-1.7 ...", "Upload an MP4 with H.264"),
    "a file with too many bytes": (bytes(2_000_001), "The file has 2,000,001 bytes; at most 2,000,000 are allowed."),
    "a QuickTime movie": (b"\0\0\0\x14ftypqt  " + bytes(8), "Convert it to an MP4 with H.264 and AAC."),
}


@pytest.mark.rollback
@pytest.mark.parametrize("file", REFUSED)
def test_a_refused_file_keeps_its_title_and_names_the_reason(techblog, author, admin_as, settings, file):
    settings.MAX_MEDIA_FILE = 2_000_000
    content, message = REFUSED[file]
    client = admin_as(author)

    response = client.post(
        ADD, {**fields(client, ADD), "title": "A talk", "file": SimpleUploadedFile("a.mp4", content)}
    )

    assert message in errors(response)
    assert form_of(response)["title"] == "A talk"
    assert not MediaFile.objects.exists() and stored_files(settings) == []


@pytest.mark.rollback
def test_only_the_form_for_media_files_accepts_a_large_request(author, admin_as, settings):
    settings.MAX_REQUEST_BODY, settings.MAX_MEDIA_REQUEST_BODY = 1_000, 5_000
    client = admin_as(author)

    statuses = [client.post(path, {"title": "x" * size}).status_code for path, size in (
        (ADD, 2_000), (ADD, 6_000), ("/blogs/image/add/", 2_000), ("/login/", 2_000),
    )]  # fmt: skip

    assert statuses == [200, 413, 413, 413]
    assert client.get(settings.MEDIA_UPLOAD_PATH).status_code == 200


@pytest.mark.rollback
def test_the_size_of_a_video_is_in_the_page_and_a_deleted_site_leaves_no_row(techblog, upload, publish):
    media_file = upload()
    placement = publish("Film", on=techblog, body=f"![A talk]({media_file.get_absolute_url()})")

    assert 'width="640" height="360"' in Post.objects.get(pk=placement.post_id).body_html
    assert list(Placement.objects.on(techblog).live().media_files()) == [media_file]
    assert SECRET not in media_file.file.read()
    lifecycle.delete(techblog, by=None)
    assert not MediaFile.objects.exists()


def stored_files(settings):
    return sorted(path for path in settings.MEDIA_ROOT.rglob("*") if path.is_file())
