"""What people read: every character of a name is seen, and nothing obeys it."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gp_segmentation.errors import InputError, visible
from gp_segmentation.utils.wording import markdown, visible_name

#: Characters that are obeyed instead of shown, by what they do.
HIDDEN = {
    "direction of writing": "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069",
    "no width": "\u00ad\u034f\u200b\u200c\u200d\u2060\ufeff\ufe00\U000e0100\U000e0041",
    "controls": "\x00\x07\x08\x0b\x0c\x1b\x1f\x7f\x80\x85\x9b\x9f",
    "separators of lines": "\u2028\u2029",
    "halves of a pair": "\ud800\udfff",
    "letters of blanks": "\u115f\u1160\u3164\uffa0\u2800",
    "no characters": "\ue000\ufffe\uffff",
}


@pytest.mark.parametrize("characters", HIDDEN.values(), ids=HIDDEN)
def test_what_cannot_be_seen_is_written_as_its_number(characters):
    for character in characters:
        assert visible(f"a{character}b") == f"a{{U+{ord(character):04X}}}b"


@pytest.mark.parametrize("blank", "\t\n\r\u00a0\u2003\u3000")
def test_line_ends_and_blanks_of_any_width_are_blanks(blank):
    assert visible(f"a{blank}b") == "a b"
    assert visible_name(f"{blank}a {blank} b{blank}") == "a b"


@pytest.mark.parametrize(
    "text",
    [
        "Meddygfa Tŷ Gŵyr",
        "Cafe\u0301",
        "عيادة",
        "מרפאה",
        "诊所",
        "😀",
        "❤\ufe0f",
        "a\\u202eb",
        "{U+202E}",
        "-",
    ],
)
def test_letters_of_every_language_and_signs_stay_as_they_are(text):
    assert visible(text) == visible_name(text) == text


@given(st.text(st.characters()))
def test_every_text_becomes_one_that_is_seen_and_stays_so(text):
    shown = visible(text)
    assert shown.isprintable()
    assert visible(shown) == shown
    shown.encode("utf-8")


@given(st.text(st.characters(blacklist_categories=["Cs"])))
def test_markdown_obeys_no_text_and_shows_it_whole(text):
    written = markdown(text)
    assert html.unescape(written) == visible(text)
    assert re.search(r"[\\`*_{}\[\]<>|~$@]|://|www\.", written) is None


def test_an_error_shows_what_it_quotes():
    error = InputError("'\x1b[2J\u202e' is no code", file="a.zip", member="b\x07.csv", column="C\nINFO fine")
    assert str(error) == ("a.zip: b{U+0007}.csv, column C INFO fine: '{U+001B}[2J{U+202E}' is no code")
