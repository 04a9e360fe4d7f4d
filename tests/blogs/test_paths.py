"""Spellings of one path have one normal form."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blogs.paths import MAX_PATH, normal_path

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    "spelling",
    [
        "/2014/Ёж/",
        "/2014/ёж/",
        "/2014/%D1%91%D0%B6/",
        "/2014/%d1%91%d0%b6/",
        unicodedata.normalize("NFD", "/2014/ёж/"),
        "/2014/%D0%95%CC%88%D0%96/",
    ],
)
def test_letter_case_encoding_and_composition_do_not_change_the_normal_form_of_a_path(spelling):
    assert normal_path(spelling) == "/2014/ёж/"


def test_paths_that_differ_in_a_letter_a_mark_or_a_slash_have_different_normal_forms():
    paths = ["/a/", "/b/", "/ä/", "/a", "/a//", "/é/", "/е/"]  # the last one is Cyrillic

    assert len(set(map(normal_path, paths))) == len(paths)


def test_a_path_that_is_too_long_stays_as_it_is():
    path = "/" + "É" * MAX_PATH

    assert normal_path(path) == path


@given(st.text(st.characters(exclude_characters="%", exclude_categories=["Cs"])).map("/{}".format))
def test_the_normal_form_of_a_normal_path_is_the_path_itself(path):
    assert normal_path(normal_path(path)) == normal_path(path)
