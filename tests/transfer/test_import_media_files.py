"""Audio and video that an archive has beside its posts."""

import pytest

from blogs.models import Image, MediaFile, Post
from tests.support.recordings import FILES

pytestmark = [pytest.mark.rollback, pytest.mark.sqlite]

HEAD = "---\ntitle: Hello\ndate: 2024-01-01\n---\n"


def test_audio_and_video_are_stored_and_their_addresses_are_replaced(techblog, archive):
    archive.write("media/film.mp4", FILES[".mp4"])
    archive.write("posts/talk.mp3", FILES[".mp3"])
    archive.write("media/en.vtt", FILES[".vtt"])
    archive.picture("media/poster.png")
    archive.write(
        "posts/a.md",
        HEAD + '<video src="/media/film.mp4" poster="/media/poster.png"><track src="/media/en.vtt"></video>\n\n'
        "![A talk](talk.mp3)",
    )

    run = archive.run()

    assert run.code == 0
    addresses = {row.title: row.get_absolute_url() for model in (Image, MediaFile) for row in model.objects.all()}
    html = Post.objects.get().body_html
    assert f'src="{addresses["media/film.mp4"]}" poster="{addresses["media/poster.png"]}"' in html
    assert f'<audio controls="" preload="none" src="{addresses["posts/talk.mp3"]}" aria-label="A talk">' in html
    assert f'<track src="{addresses["media/en.vtt"]}"' in html
    assert run.notes("posts/a.md") == []
    assert archive.run().verdicts() == {"posts/a.md": "unchanged"}
    assert MediaFile.objects.count() == 3


def test_a_missing_or_refused_file_is_reported_and_leaves_no_empty_player(techblog, archive):
    archive.write("film.mov", b"\0\0\0\x14ftypqt  " + bytes(8))
    archive.write("a.md", HEAD + '<video src="film.mov">words</video> <audio src="missing.mp3"></audio>\n')

    run = archive.run()

    assert Post.objects.get().body_html.startswith("<p>words")
    assert "<audio" not in Post.objects.get().body_html
    notes = "\n".join(run.notes("a.md"))
    assert "film.mov cannot be stored: This is a QuickTime movie" in notes
    assert "missing.mp3 is missing" in notes


def test_a_recording_is_no_cover(techblog, archive):
    archive.write("film.mp4", FILES[".mp4"])
    archive.write("a.md", HEAD.replace("date", "cover: film.mp4\ndate") + "Text.")

    run = archive.run()

    assert Post.objects.get().cover is None
    assert "film.mp4 is not an image; the post has no cover" in "\n".join(run.notes("a.md"))
