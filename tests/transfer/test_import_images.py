"""The importer finds the images of an archive, stores each once and reads no file outside the archive."""

import io
import re
import struct
import time
import zlib

import pytest
from PIL import Image as Pillow

from blogs.models import Image, Placement
from lib import images
from tests.support.pictures import HEIC, SECRET, photo
from transfer.markdown.images import Pictures
from transfer.markdown.outcomes import Broken
from transfer.markdown.text.absent_images import with_alt_texts

pytest_plugins = ["tests.support.importing"]
pytestmark = [pytest.mark.rollback, pytest.mark.sqlite]

HEAD = "---\ndate: 2015-01-01\n---\n"


def body(slug="a"):
    return Placement.objects.get(slug=slug).post.body


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("![A cat](/img/cat.png)", "![A cat]({})"),
        ("![A cat](img/cat.png?raw=true)", "![A cat]({})"),
        ("![A cat](http://techblog.test/img/cat.png)", "![A cat]({})"),
        ("![A cat][1]\n\n[1]: img/cat.png 'Tom'", "![A cat][1]\n\n[1]: {} 'Tom'"),
        ("[large](/img/cat.png)", "[large]({})"),
        ('<img alt="A cat" src="/img/cat.png">', '<img alt="A cat" src="{}">'),
        ('{% image "img/cat.png" "A cat" %}', "![A cat]({})"),
        ('![A cat]({{ "/img/cat.png" | url }})', "![A cat]({})"),
        ("`![A cat](/img/cat.png)` ![A cat](/img/%63at.png)", "`![A cat](/img/cat.png)` ![A cat]({})"),
    ],
)
def test_an_image_in_the_text_is_stored_and_its_address_is_rewritten(archive, techblog, source, expected):
    archive.picture("img/cat.png")
    archive.write("a.md", HEAD + source)

    run = archive.run()

    image = Image.objects.get(site=techblog)
    assert body() == expected.format(image.get_absolute_url())
    assert (image.width, image.height, image.title) == (4, 3, "img/cat.png")
    assert not run.notes("a.md")


@pytest.mark.parametrize("field", ["image: /img/cat.png", "cover:\n  image: img/cat.png", "image: ../img/cat.png"])
def test_an_image_in_the_front_matter_becomes_the_cover(archive, techblog, field):
    archive.picture("img/cat.png")
    archive.write("posts/a.md", f"---\ndate: 2015-01-01\nimage_alt: A cat\n{field}\n---\n")

    archive.run()

    post = Placement.objects.get(slug="a").post
    assert post.cover == Image.objects.get(site=techblog)
    assert post.cover_alt == "A cat"
    assert list(post.images.all()) == [post.cover]


def test_an_image_shown_several_times_is_stored_once_per_site(archive, techblog, financeblog):
    archive.picture("cat.png")
    archive.picture("copy/of-cat.png")
    archive.picture("dog.png", "blue")
    archive.write("a.md", HEAD + "![](cat.png) ![](/copy/of-cat.png)")
    archive.write("b.md", HEAD + "![](cat.png) ![](dog.png)")

    assert [record["images"] for record in archive.run().records.values()] == [1, 1]
    assert Image.objects.count() == len(archive.stored_files()) == 2

    archive.run(site="financeblog.test")
    assert Image.objects.filter(site=financeblog).count() == 2, "each site must have its own copy of the images"


def test_images_are_found_in_the_folder_of_the_option_media(archive, tmp_path, techblog):
    elsewhere = type(archive)(tmp_path / "assets")
    elsewhere.picture("img/cat.png")
    archive.write("a.md", HEAD + "![](/img/cat.png) ![](/assets/img/cat.png) ![Another cat](/other/img/cat.png)")

    run = archive.run(f"--media={elsewhere.folder}")

    address = Image.objects.get().get_absolute_url()
    assert body() == f"![]({address}) ![]({address}) Another cat"
    assert run.notes("a.md") == ["the image /other/img/cat.png is missing"]


def test_a_missing_image_is_reported_and_leaves_its_alt_text(archive):
    text = "Text.\n\n![A cat](/img/cat.png) <img src='http://techblog.test/dog.jpg'> ![](https://other.test/x.png)"
    archive.write("a.md", HEAD + text)

    run = archive.run()

    assert run.verdicts() == {"a.md": "created"}
    notes = run.records["a.md"]["notes"]
    assert [(note["line"], note["message"]) for note in notes] == [
        (6, "the image /img/cat.png is missing"),
        (6, "the image /dog.jpg is missing"),
    ]
    assert body() == "Text.\n\nA cat  ![](https://other.test/x.png)"
    assert run.code == 0


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("before ![A cat](x.svg) after", "before A cat after"),
        ('![A cat](x.svg "Its title")', "A cat"),
        ("![A cat](<x.svg> 'Its \\' title')", "A cat"),
        ("![A [small] cat](x.svg (title))", "A [small] cat"),
        ("![A *lively* cat](x.svg){: .wide }", "A *lively* cat"),
        ("![A cat](http://techblog.test/x.svg)", "A cat"),
        ("![A cat][1]\n\n[1]: x.svg 'Tom'", "A cat"),
        ("![A cat][]\n\n[a  CAT]: <x.svg>", "A cat"),
        ("![A cat]\n\n[A cat]: x.svg", "A cat"),
        ("[![A cat](x.svg)](https://other.test/)", "[A cat](https://other.test/)"),
        ('<img class="a > b" src="x.svg" alt="A cat &amp; a dog">', "A cat &amp; a dog"),
        ("<figure><IMG SRC='x.svg' ALT='A cat'/></figure>", "<figure>A cat</figure>"),
        ("![A cat](x.svg) `![A cat](x.svg)`", "A cat `![A cat](x.svg)`"),
        ("![A cat](cat.png) ![A drawing](x.svg)", "![A cat]({}) A drawing"),
        ("![A cat][none] \\![A cat](x.svg)", "![A cat][none] \\!A cat"),
    ],
)
def test_a_refused_image_leaves_its_alt_text(archive, source, expected):
    archive.write("x.svg", '<svg xmlns="http://www.w3.org/2000/svg"/>')
    archive.picture("cat.png")
    archive.write("a.md", HEAD + source)
    archive.write("b.md", HEAD + "![A cat](cat.png)")

    archive.run()

    assert body() == expected.format(Image.objects.get().get_absolute_url())
    assert "x.svg" not in html_images(Placement.objects.get(slug="a").post.body_html)
    assert set(archive.run().verdicts().values()) == {"unchanged"}


def html_images(html):
    return " ".join(re.findall("<img[^>]*>", html))


@pytest.mark.parametrize(
    "part", ["![", "![a](x.svg '", '![a](x.svg "b', "<img '\"", "<img \"' src=x.svg", "[![a](x.svg", "![a][", "![[a]"]
)
def test_the_search_for_refused_images_takes_linear_time(part):
    def seconds(number):
        start = time.thread_time()
        with_alt_texts(part * number, lambda address: True)
        return time.thread_time() - start

    seconds(1_000)
    assert seconds(40_000) < 1


def test_an_image_that_is_added_later_takes_the_place_of_its_alt_text(archive):
    archive.write("a.md", HEAD + "![A cat](cat.png)")
    archive.run()
    archive.picture("cat.png")

    assert archive.run().verdicts() == {"a.md": "updated"}

    assert body() == f"![A cat]({Image.objects.get().get_absolute_url()})"


def test_files_outside_the_archive_are_never_imported(archive, tmp_path):
    secret = type(archive)(tmp_path / "secret")
    secret.picture("key.png")
    archive.picture("cat.png")
    (archive.folder / "linked.png").symlink_to(secret.folder / "key.png")
    (archive.folder / "folder").symlink_to(secret.folder)
    (archive.folder / "fine.png").symlink_to(archive.folder / "cat.png")
    attempts = [
        "/linked.png",
        "folder/key.png",
        "../secret/key.png",
        "/../secret/key.png",
        "%2e%2e/secret/key.png",
        f"{secret.folder}/key.png",
        f"file://{secret.folder}/key.png",
    ]
    archive.write("a.md", HEAD + " ".join(f"![{number}]({attempt})" for number, attempt in enumerate(attempts)))
    archive.write("b.md", HEAD + "![](fine.png)")

    run = archive.run()

    assert body("a") == "0 1 2 3 4 5 6"
    assert sum("is outside" in note for note in run.notes("a.md")) == 5
    assert Image.objects.count() == 1, "only the image behind the symbolic link within the archive must be imported"


def bomb():
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


def truncated():
    content = io.BytesIO()
    Pillow.effect_noise((64, 64), 50).save(content, "PNG")
    return content.getvalue()[:-500]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.png", b"no image"),
        ("x.png", b""),
        ("x.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'),
        ("x.png", bomb()),
        ("x.png", truncated()),
    ],
)
def test_a_post_with_an_invalid_image_is_imported_without_that_image(archive, name, content):
    archive.write(name, content)
    archive.picture("cat.png")
    archive.write("a.md", f"---\ndate: 2015-01-01\nimage: /{name}\n---\n![A drawing]({name}) ![](cat.png)")

    run = archive.run()

    assert run.verdicts() == {"a.md": "created"}
    assert len(run.notes("a.md")) == 2 and "cannot be stored" in run.notes("a.md")[0]
    assert body() == f"A drawing ![]({Image.objects.get().get_absolute_url()})"
    assert Placement.objects.get(slug="a").post.cover is None
    assert len(archive.stored_files()) == 1
    assert archive.run().verdicts() == {"a.md": "unchanged"}


def test_an_image_is_decoded_once(archive, monkeypatch):
    decoded = []
    monkeypatch.setattr(images, "_refuse_bomb", lambda image, file: decoded.append(image.size))
    archive.picture("cat.png")
    archive.write("a.md", HEAD + "![A cat](cat.png)")

    archive.run()

    assert decoded == [(4, 3)]


def test_an_imported_photo_is_stored_without_metadata_and_upright(archive, settings):
    archive.write("turned.jpg", photo("JPEG", orientation=6))
    archive.write("phone.HEIC", HEIC.read_bytes())
    archive.write("a.md", HEAD + "![A photo](turned.jpg) ![A photo](phone.HEIC)")

    run = archive.run()

    assert not run.notes("a.md")
    for image in Image.objects.all():
        content = (settings.MEDIA_ROOT / str(image.file.name)).read_bytes()
        assert SECRET not in content and b"SECRET" not in content
        assert (image.width, image.height) == Pillow.open(io.BytesIO(content)).size == (48, 64)
    assert len(archive.stored_files()) == 4, "each image and its original"
    assert set(archive.run().verdicts().values()) == {"unchanged"}


def test_an_image_that_changes_after_its_check_is_not_stored(archive, techblog):
    document, path = archive.write("a.md", HEAD + "![A cat](cat.png)"), archive.picture("cat.png")
    pictures = Pictures(techblog, [archive.folder])
    picture = pictures.find("cat.png", document)
    path.write_bytes(b"<svg onload='alert()'>")

    with pytest.raises(Broken, match=r"cat\.png was changed during the import"):
        pictures.store(picture)

    assert not Image.objects.exists()
    assert not archive.stored_files()


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("![A cat](cat)", "A cat"),
        ("![A cat](/images/cat?size=2)", "A cat"),
        ("![A cat]()", "A cat"),
        ("![A film](film.mp4)", "A film"),
        ("[![](cat.png)](https://other.test/)", "[cat.png](https://other.test/)"),
        ("[![ ](img/a%20cat.png?x)](https://other.test/)", "[a cat.png](https://other.test/)"),
        ('<a href="https://other.test/"> <img src="cat.png"> </a>', '<a href="https://other.test/"> cat.png </a>'),
        ("<img src=cat.png alt=Cat>", "Cat"),
        ("a ![](cat.png) b", "a  b"),
        ("![A cat](https://other.test/cat) ![](//other.test/cat)", None),
        ("![A cat](file:///home/cat.png) ![A dog](C:/dog.png)", "A cat A dog"),
        ("![A cat](http://[cat.png)", "A cat"),
    ],
)
def test_no_address_of_an_absent_image_stays_in_the_text(archive, source, expected):
    archive.write("a.md", HEAD + source)

    archive.run()

    assert body() == (source if expected is None else expected)


def test_an_image_without_a_suffix_is_found(archive):
    archive.picture("img/cat.png").rename(archive.folder / "img/cat")
    archive.write("a.md", HEAD + "![A cat](img/cat)")

    run = archive.run()

    assert run.notes("a.md") == []
    assert body() == f"![A cat]({Image.objects.get().get_absolute_url()})"
