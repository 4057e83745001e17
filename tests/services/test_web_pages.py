"""A web page is read as it is seen: what is not displayed is not there, what stands for a picture or in a field is."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groq_core.services.documents import stylesheet
from groq_core.services.documents.html import html_text
from groq_core.services.documents.readers import read

HIDDEN = [
    pytest.param("<script>X</script>", id="script"),
    pytest.param("<style>.X{}</style>", id="style"),
    pytest.param("<template><p>X</p></template>", id="template"),
    pytest.param("<noscript>X</noscript>", id="noscript"),
    pytest.param("<!-- X -->", id="comment"),
    pytest.param("<p hidden>X</p>", id="hidden"),
    pytest.param("<div hidden=''><p>X</p></div>", id="hidden around"),
    pytest.param("<p style='display:none'>X</p>", id="display none"),
    pytest.param("<p style='COLOR:red; Display : none !important'>X</p>", id="display none, important"),
    pytest.param("<p style='visibility: hidden'>X</p>", id="visibility"),
    pytest.param("<div style='visibility:collapse'><b>X</b></div>", id="visibility around"),
    pytest.param("<style>.off{display:none}</style><p class='big off'>X</p>", id="class"),
    pytest.param("<p class='off'>X</p><style>/* later */ .off { display: none; }</style>", id="class, later"),
    pytest.param("<style>#it,.a.b{visibility:hidden}</style><p id=it>X</p><p class='a b'>X</p>", id="id and classes"),
    pytest.param("<style>@media screen{p.off{display:none}}</style><p class=off>X</p>", id="on screen"),
    pytest.param("<style>.a{display:block}.a{display:none}</style><p class=a>X</p>", id="the last rule"),
    pytest.param("<style>#a{display:none}.b{display:block}</style><p id=a class=b>X</p>", id="the stronger rule"),
    pytest.param("<style>nav .a{display:none}</style><nav><p><i class=a>X</i></p></nav>", id="within another"),
    pytest.param("<style>ul > li.a{display:none}</style><ul><li class=a>X</ul>", id="right within another"),
    pytest.param("<style>b[lang='de']{display:none}</style><b lang=de>X</b>", id="by an attribute"),
    pytest.param("<style>.a{display:none!important}#b{display:block}</style><p class=a id=b>X</p>", id="important"),
    pytest.param("<style>b{content:'}';display:none}</style><b>X</b>", id="behind a brace in a string"),
    pytest.param(
        "<style>p:hover::after,p:not(:hover:focus)::after{content:'X'}</style><p>a</p>", id="drawn under the pointer"
    ),
    pytest.param("<style>@media print{p::after{content:'X'}}</style><p>a</p>", id="drawn in print"),
    pytest.param("<style>p::after{content:'X';display:none}</style><p>a</p>", id="drawn and hidden"),
    pytest.param("<style>b::after{content:'X'}</style><b hidden>a</b>", id="drawn in what is hidden"),
    pytest.param("<style>b.a::after{content:none}b::after{content:'X'}</style><b class=a>a</b>", id="not drawn"),
    pytest.param("<style>p::after{content:'\\f058'/'X'}</style><p>a</p>", id="a sign of a font, read out"),
    pytest.param("<style>img::after,input::after{content:'X'}</style><img><input>", id="in what has no content"),
    pytest.param("<input type=hidden value=X>", id="hidden field"),
    pytest.param("<input type=password value=X>", id="password"),
    pytest.param("<dialog>X</dialog>", id="closed dialog"),
    pytest.param("<select><option>A<option selected>B<option>X</select>", id="what is not chosen"),
    pytest.param("<video>X</video><canvas>X</canvas><object>X</object>", id="for browsers that cannot"),
    pytest.param("<svg><title>X</title><defs><text>X</text></defs></svg>", id="inside a drawing"),
    pytest.param("<datalist><option value=X>X</datalist>", id="suggestions"),
    pytest.param("<img title=X>", id="tool tip"),
]

SHOWN = [
    pytest.param("<img src=a.png alt='X'>", id="alt text"),
    pytest.param("<input value='X'>", id="field"),
    pytest.param("<input type=email value='X'>", id="field of a kind"),
    pytest.param("<input type=submit value='X'>", id="button"),
    pytest.param("<input type=image alt='X'>", id="button with a picture"),
    pytest.param("<textarea>X</textarea>", id="text area"),
    pytest.param("<select><option>A<option selected>X</select>", id="chosen"),
    pytest.param("<select><option>X<option>A</select>", id="first of a list"),
    pytest.param("<select multiple><option>A<option>X</select>", id="open list"),
    pytest.param("<details><summary>A</summary>X</details>", id="closed details"),
    pytest.param("<dialog open>X</dialog>", id="open dialog"),
    pytest.param("<p aria-hidden=true>X</p>", id="hidden from screen readers only"),
    pytest.param("<div style='visibility:hidden'><b style='visibility:visible'>X</b></div>", id="visible again"),
    pytest.param("<p hidden style='display:block'>X</p>", id="shown by its style"),
    pytest.param("<style>.a{display:none}</style><p class=a style='display:block'>X</p>", id="own style wins"),
    pytest.param("<style>@media print{p{display:none}}</style><p>X</p>", id="hidden in print"),
    pytest.param("<style>@media (max-width:600px){p{display:none}}</style><p>X</p>", id="hidden on phones"),
    pytest.param("<style media=print>p{display:none}</style><p>X</p>", id="style for print"),
    pytest.param("<style>div .a{display:none}</style><p class=a>X</p>", id="a rule about others"),
    pytest.param("<style>ul > .a{display:none}</style><ul><li><b class=a>X</b></ul>", id="not right within it"),
    pytest.param("<style>b[lang=de]{display:none}</style><b lang=en>X</b>", id="another attribute"),
    pytest.param("<style>b::before{content:'\\58'}</style><b>a</b>", id="drawn"),
    pytest.param('<style>b:after{content:"a;{X}"}</style><b>a</b>', id="drawn, with signs of style sheets"),
    pytest.param("<style>b::after{content:attr(data-a)}</style><b data-a=X>a</b>", id="drawn from an attribute"),
    pytest.param("<style>.ab{display:none}</style><p class=a>X</p>", id="another class"),
    pytest.param("<svg><text>X</text></svg>", id="text of a drawing"),
    pytest.param("<table><tr><td>A<td>X</table>", id="cell"),
    pytest.param("<style>p{</style><p>X</p>", id="broken style"),
    pytest.param("<p>in&shy;X</p>", id="soft hyphen"),
]


@pytest.mark.parametrize("page", HIDDEN)
def test_what_is_not_displayed_is_not_read(page: str) -> None:
    text = html_text(f"<body><p>before</p>{page}<p>after</p></body>")

    assert "X" not in text
    assert text.split()[0] == "before"
    assert text.split()[-1] == "after"


@pytest.mark.parametrize("page", SHOWN)
def test_what_is_displayed_is_read(page: str) -> None:
    text = html_text(f"<body><p>before</p>{page}<p>after</p></body>")

    assert text.replace("inX", "X").count("X") == 1
    assert text.split()[-1] == "after"


def test_ticks_are_read_beside_their_words() -> None:
    page = "<label><input type=checkbox checked> paid</label> <label><input type=radio> due</label>"

    assert html_text(page) == "[x] paid [ ] due"


def test_quotes_of_an_element_are_shown() -> None:
    assert html_text("He said <q>no</q>.") == "He said “no”."


def test_what_a_style_sheet_draws_where_it_cannot_be_followed_is_told() -> None:
    page = "<style>h2:not(.x)::before{content:counter(a)} a:hover::after{content:'b'}</style><h2>Price</h2>"

    followed = read(page.replace("h2:not(.x)", "h2").encode(), "a.html")
    missed = read(page.encode(), "a.html")
    mail = read(b"From: a@b\nSubject: s\nContent-Type: text/html\n\n" + page.encode(), "a.eml")

    assert (followed.text, followed.notes) == ("0Price", ())
    assert missed.text == "Price"
    assert [note for note in missed.notes if "style sheet" in note]
    assert set(missed.notes) <= set(mail.notes)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32", "cp1251", "koi8-r"])
@pytest.mark.parametrize("said", [True, False])
def test_a_page_in_any_encoding_is_read_and_a_guess_is_told(encoding: str, said: bool) -> None:
    meta = f"<meta charset={encoding}>" if said else ""
    document = read((f"<html>{meta}<p>" + "Привет, как дела? Всё хорошо. " * 8).encode(encoding), "a.html")

    assert "Привет, как дела?" in document.text
    assert bool(document.notes) == (not said and encoding in ("cp1251", "koi8-r"))


WAYS = ["<p>{}</p>", "<div><span>{}</span></div>", "<li>{}</li>", "<td>{}</td>", "<img alt='{}'>", "<input value='{}'>"]
AWAY = ["<p hidden>{}</p>", "<p class=off>{}</p>", "<i id=gone>{}</i>", "<b style='display:none'>{}</b>", "<!--{}-->"]


@settings(max_examples=300, deadline=None)
@given(
    pieces=st.lists(
        st.one_of(
            st.tuples(st.just(True), st.sampled_from(WAYS)),
            st.tuples(st.just(False), st.sampled_from([*AWAY, "<script>{}</script>", "<template>{}</template>"])),
        ),
        max_size=25,
    ),
    depth=st.integers(0, 30),
)
def test_any_page_is_read_as_exactly_its_visible_words(pieces: list[tuple[bool, str]], depth: int) -> None:
    body = "".join(way.format(f"word{number}") for number, (_, way) in enumerate(pieces))
    page = f"<style>.off{{display:none}} #gone{{visibility:hidden}}</style><body>{'<div>' * depth}{body}"

    found = html_text(page).replace("|", " ").split()

    assert found == [f"word{number}" for number, (visible, _) in enumerate(pieces) if visible]


@pytest.mark.parametrize(
    "page",
    [
        "<style>" + ".a{" * 300_000,
        "<style>" + "/*" * 500_000,
        "<style>" + ".a{display:none}" * 60_000 + "</style>" + "<p class=a>x</p>" * 300,
        "<style>" + "a," * 400_000 + "{display:none}",
        "<p style='" + "display:none;" * 80_000 + "'>x",
        "<select>" + "<option selected>x" * 50_000,
        "<p class='" + "a " * 300_000 + "'>x",
        "<style>" + '"\\"' * 300_000,
        "<p style='" + "list-style:a(" * 100_000 + "'>x",
        "<style>p::before{content:'" + "x" * 1_000 + "'}</style>" + "<p>x" * 3_000,
        "<style>div{counter-reset:a}p::before{content:counters(a,'.')}</style>" + "<div>" * 2_000 + "<p>x</p>" * 2_000,
        "<style>" + "".join(f".c{n} b p{{color:red;display:none}}" for n in range(1_000)) + "</style><b><p>x" * 50,
    ],
    ids=[
        "open",
        "comments",
        "rules",
        "selectors",
        "declarations",
        "options",
        "classes",
        "quotes",
        "brackets",
        "drawn",
        "counters",
        "within",
    ],
)
def test_no_style_takes_long(page: str) -> None:
    began = time.process_time()
    text = html_text(page)

    assert time.process_time() - began < 20
    assert len(text) < 2_000_000


@pytest.mark.parametrize("depth", [1, 100])
def test_a_sheet_that_is_too_much_for_its_page_is_given_up_with_a_sentence(
    depth: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stylesheet, "_MOST_LOOKS", stylesheet._MOST_LOOKS // 8)  # a second of work, and not ten
    rules = "".join(f"x{number} {'div ' * 8} p {{display: none}}" for number in range(3000))
    page = f"<style>{rules} .off {{display: none}}</style>{'<div>' * depth}{'<p>word</p>' * 20}<i class=off>hidden</i>"

    found = read(page.encode(), "a.html")

    assert found.text.count("word") == 20
    given_up = [note for note in found.notes if "too many rules" in note]
    assert (bool(given_up), "hidden" in found.text) == ((True, True) if depth == 100 else (False, False))
