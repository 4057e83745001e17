"""A PDF that is only partly text: what stands in its pictures is looked at, or named; never left out in silence."""

from __future__ import annotations

import pytest

from groq_core.errors import Kind, ProviderError
from groq_core.media.image.preparation import PreparedImage
from groq_core.services.documents.parts import ReadingLimits
from groq_core.services.documents.pdf import read_pdf
from groq_core.services.documents.seeing import MOST_PAGES, read_and_look, read_or_show
from tests.services.papers import drawn, paper, written

pytestmark = pytest.mark.usefixtures("forks")

LINE = "A line of a page that was written by a program and can be read as it stands in the file"
PAGE = "\n".join(written(LINE, y=780 - 12 * at) for at in range(20))
SCAN = drawn(0, 0, 600, 800)
LOGO = drawn(500, 750, 40, 40)
OUTLINES = "".join(f"{x} {y} m {x + 2} {y + 3} l S\n" for x in range(0, 200, 10) for y in range(0, 200, 10))
OCR = "\n".join(written(LINE, y=700 - 12 * at, mode=3) for at in range(3))
INLINE = "q 600 0 0 500 0 0 cm BI /W 2 /H 2 /CS /G /BPC 8 ID abcd EI Q\n"

FEW = written("Received 3 May")

MOSTLY = {
    "a scan under a stamp": FEW + "\n" + SCAN,
    "half a page": FEW + "\n" + drawn(0, 0, 600, 400),
    "a caption below": drawn(50, 200, 500, 500) + written("Figure 1: the prices of May", y=150),
    "two pictures": FEW + "\n" + drawn(0, 0, 300, 300) + "\n" + drawn(300, 300, 300, 300),
    "strips, as scanners cut them": FEW + "".join("\n" + drawn(0, 20 * at, 600, 20) for at in range(30)),
    "a picture within a form": FEW + "\n" + drawn(0, 0, 600, 500, "/Fm0 Do"),
    "a picture in the page itself": FEW + "\n" + INLINE,
    "letters drawn as outlines": written("7") + "\n" + OUTLINES,
    "a line within the picture": SCAN + written("Scanned by Ann", x=100, y=100),
}
PARTLY = {
    "a figure among much text": PAGE + drawn(100, 100, 300, 300),
    "a photograph in a letter": FEW + drawn(0, 0, 200, 150),
}
NOTHING = {
    "text alone": PAGE,
    "few words": FEW,
    "a logo": PAGE + LOGO,
    "a scan whose text was recognised": SCAN + OCR,
    "a picture beside the paper": FEW + drawn(700, 0, 600, 800),
    "lines of a table": FEW + "0 0 m 600 0 l S\n" * 100,
}


def read(*pages: str) -> tuple[list[int], list[str]]:
    found = read_pdf(paper(*pages), "a.pdf", ReadingLimits())
    return found.pictured, found.notes


def test_pages_with_more_in_pictures_than_in_text_are_known_and_named() -> None:
    pages = [page for group in (MOSTLY, PARTLY, NOTHING) for page in group.values()]
    pictured, notes = read(*pages)
    most, part = len(MOSTLY), len(PARTLY)

    assert [list(MOSTLY)[number - 1] for number in pictured] == list(MOSTLY)
    assert notes == [
        f"Not read: large pictures on pages 1–{most}, which may hold most of what stands there.",
        f"Not read: what stands in pictures on pages {most + 1}–{most + part}.",
    ]


@pytest.mark.parametrize(
    ("box", "matrix", "more", "draws"),
    [
        ("0 0 600 800", "0.5 0 0 0.5 0 0", "", drawn(0, 0, 1200, 1000, "/Fm0 Do")),
        ("1000 1000 1600 1800", "1 0 0 1 0 0", "", drawn(1000, 1000, 600, 500)),
        ("0 0 600 800", "1 0 0 1 0 0", "/Rotate 90", drawn(0, 0, 600, 500)),
        ("0 0 2000 2000", "1 0 0 1 0 0", "/CropBox [0 0 600 800]", drawn(0, 0, 600, 500)),
        ("0 0 600 800", "1 0 0 1 0 0", "/UserUnit 2", "q 0 500 -600 0 600 0 cm /Im0 Do Q"),
    ],
    ids=["a form's own scale", "paper elsewhere", "turned", "cropped", "a picture on its side"],
)
def test_how_much_of_the_paper_is_covered_is_measured_on_the_paper(
    box: str, matrix: str, more: str, draws: str
) -> None:
    text = written("Received 3 May", x=1010 if box[0] == "1" else 50, y=1700 if box[0] == "1" else 750)
    for picture, told in ((draws, [1]), ("", [])):
        data = paper(f"{text}\n{picture}", box=box, matrix=matrix, more=more)
        assert read_pdf(data, "a.pdf", ReadingLimits()).pictured == told


@pytest.mark.parametrize(
    ("answer", "whole"),
    [("RECEIVED: 3 May, 40 boxes", "RECEIVED: 3 May, 40 boxes"), ("40 boxes", "Received 3 May\n\n40 boxes")],
    ids=["with what was read", "without"],
)
async def test_they_are_looked_at_where_a_model_sees_and_keep_what_was_read(answer: str, whole: str) -> None:
    seen = 0

    async def look(_: PreparedImage) -> str:
        nonlocal seen
        seen += 1
        return answer

    data = paper(PAGE, FEW + SCAN, SCAN, FEW + drawn(0, 0, 600, 400), PAGE + drawn(100, 100, 300, 300))
    document = await read_and_look(data, "a.pdf", look)
    texts = [document.text[page.start : page.end] for page in document.pages]

    assert seen == 3
    assert texts[1:4] == [whole, answer, whole]
    assert answer not in texts[0] + texts[4]
    assert document.notes == (
        "Page 3 had no text to be read and was looked at by a vision model.",
        "Pages 2, 4 hold large pictures and were looked at by a vision model.",
        "Not read: what stands in pictures on page 5.",
    )


async def test_what_no_model_could_look_at_is_named() -> None:
    async def look(_: PreparedImage) -> str:
        raise ProviderError(Kind.OVER_CAPACITY, "the model is over capacity")

    document = await read_and_look(paper(PAGE, FEW + SCAN), "a.pdf", look)

    assert document.notes == (
        "Not read: large pictures on page 2, since no vision model could look at it: the model is over capacity.",
    )
    assert "Received 3 May" in document.text


async def test_pages_without_any_text_are_looked_at_first() -> None:
    async def look(_: PreparedImage) -> str:
        return "seen"

    pages = [FEW + SCAN] * 3 + [SCAN] * (MOST_PAGES - 1)
    document = await read_and_look(paper(*pages, box="0 0 100 100"), "a.pdf", look)

    assert document.unread == ()
    assert document.notes[-1] == "Not read: large pictures on pages 2–3, since at most 40 pages are looked at."


async def test_who_sees_for_himself_gets_pages_of_both_kinds_as_pictures() -> None:
    async def look(_: PreparedImage) -> str:
        raise AssertionError("nobody is asked")

    shown = await read_or_show(paper(FEW + SCAN, SCAN), "a.pdf", look, room=3)

    assert isinstance(shown, tuple)
    assert [one.notes[0] for one in shown] == ["page 1 of 2", "page 2 of 2"]
