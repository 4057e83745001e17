"""Numbers that an office program puts before the paragraphs of a list are text that is seen: they are read as shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groq_core.services.documents.docx import read_docx
from groq_core.services.documents.html import html_text
from groq_core.services.documents.numerals import WORD
from groq_core.services.documents.opendocument import read_opendocument
from groq_core.services.documents.parts import ReadingLimits
from groq_core.services.documents.slides import read_pptx
from tests.services.offices import W, docx, opendocument, p, pptx, t

Level = tuple[str, str]
"""How a level is written, and in which numerals."""

LEGAL = (("%1.", "decimal"), ("%1.%2", "decimal"), ("%2.%3)", "lowerLetter"))


def scheme(name: int, levels: Sequence[Level], more: Mapping[int, str] | None = None, beside: str = "") -> str:
    rows = "".join(
        f'<w:lvl w:ilvl="{at}"><w:start w:val="1"/><w:numFmt w:val="{kind}"/><w:lvlText w:val="{text}"/>'
        f"{(more or {}).get(at, '')}</w:lvl>"
        for at, (text, kind) in enumerate(levels)
    )
    return f'<w:abstractNum w:abstractNumId="{name}">{beside}{rows}</w:abstractNum>'


def listed(name: int, of: int, inside: str = "") -> str:
    return f'<w:num w:numId="{name}"><w:abstractNumId w:val="{of}"/>{inside}</w:num>'


def item(name: int, level: int = 0, text: str = "x", more: str = "", end: str = "") -> str:
    marks = f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{name}"/></w:numPr>{end and f"<w:rPr>{end}</w:rPr>"}'
    return p(f"<w:pPr>{more}{marks}</w:pPr>{t(text) if text else ''}")


def styled(style: str, inside: str = "") -> str:
    return p(f'<w:pPr><w:pStyle w:val="{style}"/>{inside}</w:pPr>{t("x")}')


def read(body: str, numbering: str, styles: str = "") -> list[str]:
    parts = {"numbering": f'<w:numbering xmlns:w="{W}">{numbering}</w:numbering>'}
    if styles:
        parts["styles"] = f'<w:styles xmlns:w="{W}">{styles}</w:styles>'
    return read_docx(docx(body, **parts), "a.docx", ReadingLimits()).texts[0].split("\n\n")


def style(name: str, inside: str, beside: str = "") -> str:
    return f'<w:style w:type="paragraph" w:styleId="{name}"{beside}>{inside}</w:style>'


def test_levels_count_and_begin_anew_below_each_other() -> None:
    body = "".join(item(1, level) for level in (0, 1, 2, 2, 1, 2, 0, 1, 2))

    assert read(body, scheme(0, LEGAL) + listed(1, 0)) == [
        "1. x", "1.1 x", "1.a) x", "1.b) x", "1.2 x", "2.a) x", "2. x", "2.1 x", "1.a) x"
    ]  # fmt: skip


def test_lists_of_one_scheme_go_on_unless_one_begins_anew() -> None:
    anew = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="5"/></w:lvlOverride>'
    numbering = scheme(0, LEGAL) + listed(1, 0) + listed(2, 0) + listed(3, 0, anew)
    body = item(1) + item(1) + p(t("between")) + item(2) + item(3) + item(3) + item(1)

    assert read(body, numbering) == ["1. x", "2. x", "between", "3. x", "5. x", "6. x", "7. x"]


def test_a_list_may_write_a_level_in_its_own_way() -> None:
    own = (
        '<w:lvlOverride w:ilvl="0"><w:lvl w:ilvl="0"><w:start w:val="3"/><w:numFmt w:val="upperRoman"/>'
        '<w:lvlText w:val="§ %1"/><w:suff w:val="nothing"/></w:lvl></w:lvlOverride>'
    )

    assert read(item(1) + item(1), scheme(0, LEGAL) + listed(1, 0, own)) == ["§ IIIx", "§ IVx"]


@pytest.mark.parametrize(
    ("restart", "below_second", "below_first"),
    [
        ("", "1.1 x", "2.1 x"),
        ('<w:lvlRestart w:val="0"/>', "1.2 x", "2.3 x"),
        ('<w:lvlRestart w:val="1"/>', "1.2 x", "2.1 x"),
    ],
    ids=["below any", "never", "below the first level"],
)
def test_a_level_begins_anew_where_it_says(restart: str, below_second: str, below_first: str) -> None:
    levels = (("%1", "decimal"), ("%1.%2", "decimal"), ("%1.%3", "decimal"))
    body = item(1) + item(1, 2) + item(1, 1) + item(1, 2) + item(1) + item(1, 2)

    assert read(body, scheme(0, levels, {2: restart}) + listed(1, 0)) == [
        "1 x", "1.1 x", "1.1 x", below_second, "2 x", below_first
    ]  # fmt: skip


def test_a_paragraph_is_numbered_by_its_style_and_those_before_it() -> None:
    numbers = '<w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr>'
    second = '<w:pPr><w:numPr><w:ilvl w:val="1"/><w:numId w:val="1"/></w:numPr></w:pPr>'
    styles = (
        style("Heading1", numbers)
        + style("Heading2", second)
        + style("Mine", '<w:basedOn w:val="Heading1"/>')
        + style("Linked", numbers)
        + style("Normal", "", ' w:default="1"')
    )
    numbering = scheme(0, LEGAL, {2: '<w:pStyle w:val="Linked"/>'}) + listed(1, 0)
    off = '<w:numPr><w:numId w:val="0"/></w:numPr>'
    body = styled("Heading1") + styled("Heading2") + styled("Linked") + styled("Mine") + styled("Mine", off) + p(t("x"))

    assert read(body, numbering, styles) == ["1. x", "1.1 x", "1.a) x", "2. x", "x", "x"]


def test_a_scheme_may_lie_in_a_style_of_lists() -> None:
    numbering = (
        scheme(0, LEGAL, beside='<w:styleLink w:val="Outline"/>')
        + scheme(1, (), beside='<w:numStyleLink w:val="Outline"/>')
        + listed(1, 0)
        + listed(2, 1)
    )

    assert read(item(2) + item(1), numbering) == ["1. x", "2. x"]


def test_what_was_deleted_is_not_counted_and_what_was_inserted_is() -> None:
    numbering = scheme(0, LEGAL) + listed(1, 0)
    deleted = p(
        '<w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr><w:rPr><w:del w:id="1"/></w:rPr></w:pPr>'
        '<w:del w:id="2"><w:r><w:delText>gone</w:delText></w:r></w:del>'
    )
    inserted = item(1, text="new", end='<w:ins w:id="3"/>')
    joined = item(1, text="kept ", end='<w:del w:id="4"/>') + item(1, text="and joined")
    gone = f'<w:tr><w:trPr><w:del w:id="5"/></w:trPr><w:tc>{item(1)}</w:tc></w:tr>'
    row = f"<w:tbl>{gone}<w:tr><w:tc>{item(1)}</w:tc></w:tr></w:tbl>"
    body = item(1) + deleted + inserted + joined + row + item(1, text="last", end="<w:vanish/>")

    assert read(body, numbering) == ["1. x", "2. new", "3. kept and joined", "4. x", "last"]


def test_numbers_stand_in_cells_boxes_and_empty_paragraphs_too() -> None:
    numbering = scheme(0, LEGAL) + listed(1, 0)
    cells = f"<w:tbl><w:tr><w:tc>{item(1)}</w:tc><w:tc>{item(1)}</w:tc></w:tr></w:tbl>"

    assert read(cells + item(1, text="") + item(1), numbering) == ["1. x | 2. x", "3. ", "4. x"]


def test_signs_before_points_are_shown_as_signs() -> None:
    for sign, shown in (("\uf0b7", "•"), ("o", "•"), ("–", "–"), ("►", "►"), ("", ""), (" ", "")):
        assert read(item(1), scheme(0, ((sign, "bullet"),)) + listed(1, 0)) == [f"{shown} x".strip()], sign


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        ("decimalZero", "09"), ("upperRoman", "IX"), ("lowerRoman", "ix"), ("upperLetter", "I"), ("lowerLetter", "i"),
        ("ordinal", "9th"), ("cardinalText", "Nine"), ("ordinalText", "Ninth"), ("hex", "9"), ("russianLower", "и"),
        ("decimalEnclosedCircle", "⑨"), ("decimalFullWidth", "９"), ("chineseCounting", "九"), ("none", ""),
        ("decimalEnclosedParen", "(9)"), ("numberInDash", "- 9 -"),
    ],
)  # fmt: skip
def test_numerals_of_every_kind_are_written_as_shown(kind: str, shown: str) -> None:
    assert read(item(1) * 9, scheme(0, (("[%1]", kind),)) + listed(1, 0))[8] == f"[{shown}] x"


def test_numerals_that_are_not_known_are_digits_and_that_is_told() -> None:
    assert "hebrew2" not in WORD
    numbering = f'<w:numbering xmlns:w="{W}">{scheme(0, (("%1)", "hebrew2"),))}{listed(1, 0)}</w:numbering>'
    found = read_docx(docx(item(1), numbering=numbering), "a.docx", ReadingLimits())

    assert found.texts == ["1) x"]
    assert found.notes == ["Some numbers of lists are written in digits here, and in other signs in the file."]


@pytest.mark.parametrize(
    "numbering",
    [
        "", listed(1, 7), '<w:num w:numId="1"/>', scheme(0, ()) + listed(1, 0),
        '<w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="x"/></w:abstractNum>' + listed(1, 0),
        scheme(0, LEGAL) + listed(1, 0, '<w:lvlOverride w:ilvl="-1"/>') + '<w:numPicBullet/>',
    ],
    ids=range(6),
)  # fmt: skip
def test_lists_that_lack_something_cost_no_words(numbering: str) -> None:
    loop = style("A", '<w:basedOn w:val="B"/>') + style("B", '<w:basedOn w:val="A"/>')

    assert read(item(1, 8) + styled("A") + item(99), numbering, loop) == ["x", "x", "x"]


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("<ol><li>x<li>y</ol><ol><li>z</ol>", "1. x\n2. y\n\n1. z"),
        ("<ol><li>x<ol type=a start=3><li>y<li>z</ol><li>w</ol>", "1. x\n\nc. y\nd. z\n\n2. w"),
        ("<ol><li>x<ul><li>y</ul><li value=7>z<li>w</ol>", "1. x\n\ny\n\n7. z\n8. w"),
        ("<ol type=I reversed start=2><li>x<li>y<li>z</ol>", "II. x\nI. y\n0. z"),
        ("<ol reversed><li>x<li>y</ol>", "x\ny"),
        ("<ol><li>x<li style='display:none'>y<li>z</ol>", "1. x\n\n2. z"),
        ("<ol style='list-style: none'><li>x</ol><li>y</li></ol><ol start=99999999999><li>z</ol>", "x\n\ny\n\n1. z"),
        (
            "<style>.n li{list-style-type:lower-alpha}</style><ul class=n><li>x<li>y</ul><ul><li>z</ul>",
            "a. x\nb. y\n\nz",
        ),
        (
            "<style>ol{list-style:square inside}</style><ol><li>x</ol><ol style='list-style:upper-roman'><li>y</ol>",
            "x\n\nI. y",
        ),
        ("<style>li::marker{content:'§' counter(list-item) ' '}</style><ol start=4><li>x<li>y</ol>", "§4 x\n§5 y"),
        (
            "<style>h1{counter-reset:s;counter-increment:c}"
            "h2{counter-increment:s}h1::before{content:counter(c,upper-roman)"
            "'. '}h2:before{content:counter(c)'.'counter(s)' '}</style>"
            "<h1>x</h1><h2>y</h2><h2>z</h2><h1>v</h1><h2>w</h2>",
            "I. x\n\n1.1 y\n\n1.2 z\n\nII. v\n\n2.1 w",
        ),
        (
            "<style>div{counter-reset:a 10}"
            "p{counter-increment:a -2}p.o{counter-set:a 99}p::after{content:' ('counter(a)')'}"
            "</style><div><p>x</p><p hidden>y</p><p style='visibility:hidden'>z</p><p>v</p><p class=o>w</p></div>",
            "x (8)\n\nv (4)\n\nw (99)",
        ),
    ],
)
def test_numbers_of_a_web_page_are_read_as_shown(page: str, text: str) -> None:
    assert html_text(page) == text


Tree: TypeAlias = list["Tree"]


@settings(max_examples=60, deadline=None)
@given(st.recursive(st.just([]), lambda inner: st.lists(inner, min_size=1, max_size=4), max_leaves=25))
def test_any_outline_is_counted_as_its_style_sheet_says(outline: Tree) -> None:
    def page(items: Tree) -> str:
        return f"<ol>{''.join(f'<li>x{page(one)}' for one in items)}</ol>" if items else ""

    def numbers(items: Tree, before: tuple[int, ...] = ()) -> Iterator[str]:
        for number, inner in enumerate(items, start=1):
            yield ".".join(map(str, (*before, number))) + " x"
            yield from numbers(inner, (*before, number))

    rules = "ol{counter-reset:i;list-style:none}li{counter-increment:i}ol > li::before{content:counters(i,'.')' '}"

    assert html_text(f"<style>{rules}</style>{page(outline)}").split() == " ".join(numbers(outline)).split()


def slide(*paragraphs: tuple[str, str]) -> str:
    rows = "".join(f"<a:p><a:pPr {level}>{marks}</a:pPr><a:r><a:t>x</a:t></a:r></a:p>" for level, marks in paragraphs)
    return f"<p:txBody>{rows}</p:txBody>"


def test_numbers_of_slides_are_read_as_shown() -> None:
    def numbers(kind: str, more: str = "") -> str:
        return f'<a:buAutoNum type="{kind}" {more}/>'

    first, second = numbers("arabicPeriod"), numbers("alphaLcParenR")
    shown = slide(
        ("", first), ("", first), ('lvl="1"', second), ('lvl="1"', second), ("", first), ('lvl="1"', second),
        ("", ""), ("", first), ("", numbers("romanUcParenBoth", 'startAt="4"')),
    )  # fmt: skip

    assert read_pptx(pptx(shown), "a.pptx", ReadingLimits()).texts == [
        "1. x\n2. x\na) x\nb) x\n3. x\na) x\nx\n1. x\n(IV) x"
    ]


def filling(place: str, *paragraphs: tuple[str, str], styles: str = "") -> str:
    """A shape that fills a placeholder; no place for one that fills none."""
    about = f"<p:nvSpPr><p:nvPr>{f'<p:ph {place}/>' if place != '-' else ''}</p:nvPr></p:nvSpPr>"
    rows = slide(*paragraphs).replace("<p:txBody>", f"<p:txBody><a:lstStyle>{styles}</a:lstStyle>")
    return f"<p:sp>{about}{rows}</p:sp>"


def test_numbers_of_slides_are_inherited() -> None:
    def level(at: int, sign: str) -> str:
        return f"<a:lvl{at}pPr>{sign}</a:lvl{at}pPr>"

    def numbers(kind: str) -> str:
        return f'<a:buAutoNum type="{kind}"/>'

    plain, second = ("", ""), ('lvl="1"', "")
    layout = filling('type="body" idx="7"', styles=level(1, numbers("arabicParenR")))
    layout += filling('type="ctrTitle"') + filling('type="obj" idx="8"', styles=level(1, '<a:buChar char="•"/>'))
    master = filling('type="body" idx="1"', styles=level(2, numbers("alphaLcParenR")))
    master += filling('type="title"', styles=level(1, numbers("romanUcPeriod")))
    master += f"<p:txStyles><p:bodyStyle>{level(1, numbers('arabicPeriod'))}{level(3, numbers('arabicPlain'))}"
    master += f"</p:bodyStyle><p:otherStyle>{level(1, '<a:buNone/>')}</p:otherStyle></p:txStyles>"
    shown = {
        "of the shape": (filling("-", plain, plain, styles=level(1, numbers("arabicPlain"))), "1 x\n2 x"),
        "of the layout": (filling('idx="7"', plain, plain), "1) x\n2) x"),
        "of the master": (filling('idx="7"', plain, second, second, plain), "1) x\na) x\nb) x\n2) x"),
        "of its styles": (filling('type="body" idx="7"', ('lvl="2"', ""), ("", "")), "1 x\n1) x"),
        "of a layout that has no such place": (filling('idx="9"', plain), "1. x"),
        "of a title": (filling('type="ctrTitle"', plain), "I. x"),
        "none: the layout has points": (filling('idx="8"', plain), "x"),
        "none: the paragraph says so": (filling('idx="7"', ("", "<a:buNone/>"), plain), "x\n1) x"),
        "none: the master says so": (filling("-", plain), "x"),
        "of the presentation": (filling("-", second), "A. x"),
    }

    whole = pptx("".join(one for one, _ in shown.values()), layout=layout, master=master,
                 usual=level(1, numbers("arabicPeriod")) + level(2, numbers("alphaUcPeriod")))  # fmt: skip
    found = read_pptx(whole, "a.pptx", ReadingLimits()).texts[0].split("\n\n")

    assert dict(zip(shown, found, strict=True)) == {name: text for name, (_, text) in shown.items()}


LEVELS = (
    '<text:list-level-style-number text:level="1" style:num-format="1" style:num-suffix="."/>'
    '<text:list-level-style-number text:level="2" style:num-format="a" style:num-prefix="(" style:num-suffix=")"/>'
    '<text:list-level-style-number text:level="3" style:num-format="1" text:display-levels="3" text:start-value="5"/>'
)
STYLES = (
    f'<text:list-style style:name="N">{LEVELS}</text:list-style>'
    '<text:list-style style:name="B"><text:list-level-style-bullet text:level="1" text:bullet-char="–"/>'
    "</text:list-style>"
    '<text:outline-style><text:outline-level-style text:level="1" style:num-format="I"/>'
    '<text:outline-level-style text:level="2" style:num-format="1" text:display-levels="2"/></text:outline-style>'
)


N = 'text:style-name="N"'


def points(*inside: str, more: str = N) -> str:
    return f"<text:list {more}>{''.join(inside)}</text:list>"


def point(text: str = "x", inside: str = "", more: str = "") -> str:
    words = f"<text:p>{text}</text:p>" if text else ""
    return f"<text:list-item {more}>{words}{inside}</text:list-item>"


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        (points(point(), point()) + points(point()), ["1. x", "2. x", "1. x"]),
        (points(point()) + points(point(), more=f'text:continue-numbering="true" {N}'), ["1. x", "2. x"]),
        (points(point(), more=f'xml:id="a" {N}') + points(point())
         + points(point(), more=f'text:continue-list="a" {N}'),
         ["1. x", "1. x", "2. x"]),
        (points(point("x", points(point(), point("x", points(point()), ""), more="")), point()),
         ["1. x", "(a) x", "(b) x", "1.b.5 x", "2. x"]),
        (points(point(), point(more='text:start-value="9"'), point()), ["1. x", "9. x", "10. x"]),
        (points("<text:list-header><text:p>x</text:p></text:list-header>", point()), ["x", "1. x"]),
        (points(point("", points(point(), more="")), point()), ["(a) x", "1. x"]),
        (points(point("x", "<text:p>y</text:p>"), point()), ["1. x", "y", "2. x"]),
        (points(point(), more='text:style-name="B"'), ["– x"]),
        (points(point(), more='text:style-name="Unknown"'), ["x"]),
        ("".join(f'<text:h text:outline-level="{level}">x</text:h>' for level in (1, 2, 2, 1, 2)),
         ["I x", "I.1 x", "I.2 x", "II x", "II.1 x"]),
    ],
    ids=range(11),
)  # fmt: skip
def test_numbers_of_an_opendocument_text_are_read_as_shown(content: str, shown: list[str]) -> None:
    found = read_opendocument(opendocument("text", content, STYLES), "a.odt", ReadingLimits())

    assert found.texts[0].split("\n\n") == shown
