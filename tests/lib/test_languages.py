"""The words, dates and codes of the languages of readers."""

from datetime import date

import pytest
from django.conf import settings

from lib import languages
from lib.languages import attributes, html_words, is_fallback, supported, words_of
from lib.languages.dates import day_text, month_text
from lib.languages.words import GAP

pytestmark = pytest.mark.pure

CODES = ["ar", "de", "en", "es", "fr", "it", "ja", "nl", "pl", "pt", "ru", "zh", "zh-hant"]
ENGLISH, _ = words_of("en")
UNTRANSLATED = {
    "de": {"code"},
    "fr": {"code", "important", "note"},
    "nl": {"code", "tip"},
    "pl": {"tag"},
}


def separators(words):
    return {"name_separator": words.name_separator, "last_name_separator": words.last_name_separator}


@pytest.mark.parametrize("code", CODES)
def test_each_language_has_every_word_with_the_gap_of_the_english_word(code):
    words, found = words_of(code)  # A file with a missing or an unknown word raises TypeError, which names the word.

    assert found == code
    for name, word in words._asdict().items():
        assert GAP.findall(word) == GAP.findall(getattr(ENGLISH, name)), name
        assert len(GAP.findall(word)) < 2, name
        assert word.strip(), name
        assert word == word.strip() or name in separators(words), name


@pytest.mark.parametrize("code", [code for code in CODES if code != "en"])
def test_words_are_translated_unless_both_languages_spell_them_alike(code):
    words, ignored = words_of(code)[0], {"name_separator"}

    same = {name for name in words._fields if getattr(words, name) == getattr(ENGLISH, name)}
    assert same - ignored == UNTRANSLATED.get(code, set())


def test_german_words_have_no_letter_that_swiss_german_lacks():
    assert not [word for word in words_of("de-ch")[0] if "ß" in word]


@pytest.mark.parametrize(
    ("code", "found"),
    [
        *(("pt-br", "pt"), ("de-ch", "de"), ("en-gb", "en"), ("zh-hans", "zh"), ("zh-hant", "zh-hant")),
        *(("ar-dz", "ar"), ("PT-BR", "pt"), ("cs", "en"), ("", "en"), ("../de", "en"), ("e", "en")),
    ],
)
def test_a_language_gets_the_words_of_the_longest_prefix_of_its_code(code, found):
    assert words_of(code)[1] == found
    assert is_fallback(code) == (code in ("cs", "../de", "e"))


def test_english_words_on_a_page_of_another_language_are_marked_outside_of_the_gap():
    words = html_words("cs")

    assert words["older_posts"] == '<span lang="en" dir="ltr">Older posts</span>'
    assert words["by"] == '<span lang="en" dir="ltr">By</span> {authors}'
    assert words["last_name_separator"] == ' <span lang="en" dir="ltr">and</span> '
    assert words["name_separator"] == ", "
    for code in ("en", "en-gb", "de-at", "zh-hans"):
        assert not any("<" in word for word in html_words(code).values())
        assert html_words(code).keys() == words.keys()


@pytest.mark.parametrize(
    ("code", "day", "month"),
    [
        ("ar", "5 مارس 2026", "مارس 2026"),
        ("cs", "5. března 2026", "březen 2026"),
        ("de", "5. März 2026", "März 2026"),
        ("de-at", "5. März 2026", "März 2026"),
        ("en", "March 5, 2026", "March 2026"),
        ("en-gb", "5 March 2026", "March 2026"),
        ("es", "5 de marzo de 2026", "marzo de 2026"),
        ("fr", "5 mars 2026", "mars 2026"),
        ("he", "5 במרץ 2026", "מרץ 2026"),
        ("it", "5 marzo 2026", "marzo 2026"),
        ("ja", "2026年3月5日", "2026年3月"),
        ("nl", "5 maart 2026", "maart 2026"),
        ("pl", "5 marca 2026", "marzec 2026"),
        ("pt", "5 de março de 2026", "março de 2026"),
        ("pt-br", "5 de março de 2026", "março de 2026"),
        ("ru", "5 марта 2026\u202fг.", "март 2026\u202fг."),
        ("zh-hans", "2026年3月5日", "2026年3月"),
        ("zh-hant", "2026年3月5日", "2026年3月"),
        ("io", "2026-03-05", "2026-03"),  # The CLDR has no months of Ido.
    ],
)
def test_dates_are_in_the_style_of_the_language(code, day, month):
    assert day_text(date(2026, 3, 5), code) == day
    assert month_text(date(2026, 3, 5), code) == month


@pytest.mark.parametrize("code", [code for code, _ in settings.LANGUAGES])
def test_each_language_of_a_site_has_dates(code):
    for day in (date(1900, 1, 31), date(2024, 2, 29), date(2199, 12, 1)):
        assert str(day.day) in day_text(day, code)
        assert "{" not in day_text(day, code) + month_text(day, code)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        *(("en", "en"), ("en_US.UTF-8", "en"), (" de-AT ", "de"), ("pt_BR", "pt-br"), ("zh-CN", "zh-hans")),
        *(("zh_TW", "zh-hant"), ("python", ""), ("Deutsch", ""), ("", ""), ("../de", ""), ("x" * 1000, "")),
    ],
)
def test_a_code_in_a_common_spelling_is_recognised(written, code):
    assert supported(written) == code


def test_attributes_name_the_language_and_its_direction():
    assert attributes("pt-br") == ' lang="pt-br" dir="ltr"'
    assert attributes("ar-dz") == ' lang="ar-dz" dir="rtl"'
    assert languages.attributes_if_other("de", "en") == ' lang="de" dir="ltr"'
    for code in ("de", "", None):
        assert languages.attributes_if_other(code, "de") == ""
