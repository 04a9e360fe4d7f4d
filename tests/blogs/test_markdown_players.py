"""Players of audio and video in texts: files of the site only, with controls, and nothing that starts by itself."""

import pytest

from blogs.markdown import Size, media_names, plain_text, removed, render

pytestmark = pytest.mark.pure

VIDEO, AUDIO, POSTER, CAPTIONS = (f"/media/{'0' * 32}.{suffix}" for suffix in ("mp4", "mp3", "png", "vtt"))


@pytest.mark.parametrize(
    ("text", "html"),
    [
        (
            f"<video src='{VIDEO}'></video>",
            f'<video controls="" preload="metadata" playsinline="" src="{VIDEO}"></video>',
        ),
        (
            f"<video src='{VIDEO}#t=10,20' poster={POSTER} autoplay muted loop width=320 preload=auto></video>",
            f'<video controls="" preload="none" playsinline="" src="{VIDEO}#t=10,20" poster="{POSTER}" muted="" loop=""'
            ' width="320"></video>',
        ),
        (f"<audio src={AUDIO} autoplay></audio>", f'<audio controls="" preload="none" src="{AUDIO}"></audio>'),
        (
            f"<audio preload=metadata><source src={AUDIO} type=audio/mpeg>Words.</audio>",
            f'<audio controls="" preload="metadata"><source src="{AUDIO}" type="audio/mpeg">Words.</audio>',
        ),
        (
            f"<video src={VIDEO}><source src={VIDEO}><track src={CAPTIONS} srclang=en label=English default></video>",
            f'<video controls="" preload="metadata" playsinline="" src="{VIDEO}"><track src="{CAPTIONS}" srclang="en"'
            ' label="English" default="" kind="captions"></video>',
        ),
        (f"<video><track kind=subtitles src={CAPTIONS}></video>", ""),
        (f"<source src={VIDEO}><track src={CAPTIONS}>words", "words"),
        (
            f"<video src={VIDEO}>a<video src={VIDEO}>b</video></video>",
            f'<video controls="" preload="metadata" playsinline="" src="{VIDEO}">a</video>'
            f'<video controls="" preload="metadata" playsinline="" src="{VIDEO}">b</video>',
        ),
    ],
)
def test_a_player_has_controls_and_loads_no_whole_file(text, html):
    assert render(f"x {text}") == f"<p>x {html}</p>\n"


@pytest.mark.parametrize(
    ("address", "kind"), [(VIDEO, "video"), (AUDIO, "audio"), (VIDEO.replace("mp4", "webm"), "video")]
)
def test_an_image_with_the_address_of_audio_or_video_is_a_player(address, kind):
    html = render(f'![A "talk"]({address})')

    preload = "metadata" if kind == "video" else "none"
    inline = ' playsinline=""' if kind == "video" else ""
    label = 'aria-label="A &quot;talk&quot;"'
    assert html == f'<p><{kind} controls="" preload="{preload}"{inline} src="{address}" {label}></{kind}></p>\n'


def test_a_video_has_the_size_of_its_file_unless_it_has_its_own():
    sizes = {VIDEO.removeprefix("/media/"): Size(640, 360)}

    assert 'width="640" height="360"' in render(f"![]({VIDEO})", sizes)
    assert 'width="640" height="360"' in render(f"<video><source src={VIDEO}></video>", sizes)
    own = render(f"<video src={VIDEO} width=100></video>", sizes)
    assert 'width="100"' in own and "height" not in own


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("<video src=https://x.example/a.mp4>words</video>", ["the address https://x.example/a.mp4 of <video>"]),
        (
            "<audio><source src=//x.example/a.mp3><source src=clip.mp3>words</audio>",
            ["the address //x.example/a.mp3 of <source>", "the address clip.mp3 of <source>"],
        ),
        (f"<video src={VIDEO}xyz>words</video>", [f"the address {VIDEO[:40]}… of <video>"]),
        ("<video src='data:video/mp4;base64,AA'>words</video>", ["the address data:video/mp4;base64,AA of <video>"]),
    ],
)
def test_a_player_of_another_site_becomes_its_words_and_is_named_as_removed(text, parts):
    assert render(f"a {text}") == "<p>a words</p>\n"
    assert list(map(str, removed(text))) == parts


def test_attributes_with_which_a_player_starts_alone_are_named_as_removed():
    text = f"<video src={VIDEO} autoplay poster=https://x.example/a.png onplay=x()></video>"

    assert list(map(str, removed(text))) == [
        "the attribute autoplay of <video>",
        "the address https://x.example/a.png of <video>",
        "the attribute onplay of <video>",
    ]


def test_all_files_of_a_player_belong_to_the_text():
    text = f"<video poster={POSTER}><source src={VIDEO}><track src={CAPTIONS}></video> ![]({AUDIO})"

    assert media_names(text) == {address.removeprefix("/media/") for address in (POSTER, VIDEO, CAPTIONS, AUDIO)}


def test_a_summary_has_no_words_for_browsers_without_a_player():
    html = render(f"One <video src={VIDEO}>Your browser plays no video.</video> two.")

    assert plain_text(html, 100) == "One two."


def test_many_unclosed_players_take_linear_time():
    html = render("<video>" * 4_000 + f"<audio src={AUDIO}>" * 500)

    assert html.count("<audio") == html.count("</audio>") == 500
    assert "<video" not in html
