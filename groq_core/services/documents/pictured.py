"""
Pages of a PDF that have some text, and more of it in pictures: scans under a stamp, a poster with a caption.

A text that lies where the picture does, as recognition (OCR) puts it there, is the picture's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from groq_core.services.documents.parts import ReadingWatch

_LARGE, _NOTABLE = 0.2, 0.04
"""Shares of a page that pictures cover: large enough to hold most of its text, or enough to be told of."""

_FEW: Final = 400
"""Letters of a page's text up to which a large picture is believed to hold more than that."""

_READ: Final = 40
"""Letters within a picture from which on somebody has recognised its text."""

_DRAWN: Final = 300
"""Shapes on a page with hardly any text (a twentieth of :data:`_FEW`), which letters drawn as outlines may be."""

_MOST_OBJECTS: Final = 4_000
_DEEPEST: Final = 8

Box: TypeAlias = tuple[float, float, float, float]
"""Left, bottom, right and top."""


@dataclass(slots=True)
class Pictured:
    """Numbers of pages: those whose pictures may hold most of their text, and those with other pictures."""

    mostly: list[int] = field(default_factory=list)
    partly: list[int] = field(default_factory=list)


def pictured_pages(data: bytes, pages: Iterable[Any], texts: list[str], watch: ReadingWatch) -> Pictured:
    """
    Args:
        data: Begins where the PDF does.
        pages: As pypdf reads them.
        texts: Of those pages; pages without any are none of this one's.
    """
    found = Pictured()
    wanted = [
        number
        for number, (page, text) in enumerate(zip(pages, texts, strict=True), start=1)
        if text.strip() and (_holds_picture(page) or _letters(text) < _FEW // 20)
    ]
    if not wanted:
        return found
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError:
        return found  # what one reader can make sense of another need not
    for number in wanted:
        watch.count()
        try:
            covered, shapes = _covered(document[number - 1], watch)
        except (pypdfium2.PdfiumError, IndexError):
            continue
        letters = _letters(texts[number - 1])
        if (covered >= _LARGE and letters < _FEW) or (shapes >= _DRAWN and letters < _FEW // 20):
            found.mostly.append(number)
        elif covered >= _NOTABLE:
            found.partly.append(number)
    return found


def _letters(text: str) -> int:
    return sum(1 for letter in text if letter.isalnum())


def _holds_picture(page: Any) -> bool:
    try:
        return _among(page.get("/Resources"), 0) or _inline(page)
    except Exception:
        return True  # a damaged list of resources: the other reader will tell


def _among(resources: Any, depth: int) -> bool:
    resources = resources.get_object() if resources is not None else {}
    objects = resources.get("/XObject")
    for reference in objects.get_object().values() if objects is not None else ():
        one = reference.get_object()
        if one.get("/Subtype") == "/Image":
            return True
        if one.get("/Subtype") == "/Form" and depth < _DEEPEST and _among(one.get("/Resources"), depth + 1):
            return True
    return False


def _inline(page: Any) -> bool:
    """Whether a picture stands in the page's drawing itself."""
    contents = page.get_contents()
    return contents is not None and b"\nID" in contents.get_data().replace(b" ID", b"\nID")


def _covered(page: Any, watch: ReadingWatch) -> tuple[float, int]:
    """
    Returns:
        Which share of a page is covered by pictures that nobody has recognised the text of, and its number of shapes.
    """
    from pypdfium2.raw import FPDF_PAGEOBJ_IMAGE, FPDF_PAGEOBJ_PATH

    paper = page.get_bbox()
    size = (paper[2] - paper[0]) * (paper[3] - paper[1])
    texts = None
    covered, shapes = 0.0, 0
    for count, one in enumerate(page.get_objects(filter=(FPDF_PAGEOBJ_IMAGE, FPDF_PAGEOBJ_PATH), max_depth=_DEEPEST)):
        if count >= _MOST_OBJECTS:
            break
        if one.type == FPDF_PAGEOBJ_PATH:
            shapes += 1
            continue
        watch.count()
        left, bottom, right, top = _within(_bounds(one), paper)
        share = max(0.0, right - left) * max(0.0, top - bottom) / max(1.0, size)
        if share <= 0:
            continue
        texts = page.get_textpage() if texts is None else texts
        if _letters(texts.get_text_bounded(left, bottom, right, top)) < _READ:
            covered += share
    return min(1.0, covered), shapes


def _bounds(one: Any) -> Box:
    """Where an object is on its page: within a form its bounds are the form's."""
    left, bottom, right, top = one.get_bounds()
    container = getattr(one, "container", None)
    while container is not None:
        matrix = container.get_matrix()
        corners = [matrix.on_point(x, y) for x in (left, right) for y in (bottom, top)]
        left, right = min(x for x, _ in corners), max(x for x, _ in corners)
        bottom, top = min(y for _, y in corners), max(y for _, y in corners)
        container = getattr(container, "container", None)
    return left, bottom, right, top


def _within(bounds: Box, paper: Box) -> Box:
    left, bottom, right, top = bounds
    return max(paper[0], left), max(paper[1], bottom), min(paper[2], right), min(paper[3], top)
