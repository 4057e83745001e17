"""Presentations, slide by slide, with the notes under them: PPTX."""

from __future__ import annotations

import re
from typing import Any, Final

from groq_core.errors import RequestError
from groq_core.services.documents.archive import Archive, attribute, child, children, local
from groq_core.services.documents.numerals import WORD
from groq_core.services.documents.parts import (
    ReadingLimits,
    ReadingWatch,
    ReadText,
    damage_error,
    format_pages,
    size_error,
)


def read_pptx(data: bytes, name: str, limits: ReadingLimits) -> ReadText:
    archive = Archive(data, name, limits, "PowerPoint")
    try:
        return _slides(archive, name, limits)
    except RequestError:
        raise
    except Exception as error:
        raise damage_error(name, "PowerPoint", error) from None


def _slides(archive: Archive, name: str, limits: ReadingLimits) -> ReadText:
    watch = ReadingWatch(name, limits)
    path = archive.main("ppt/presentation.xml")
    related = archive.relations(path)
    order = child(archive.tree(path), "sldIdLst")
    paths = [
        related[relation][1]
        for slide in (order if order is not None else ())
        if (relation := _relation(slide)) in related
    ]
    if len(paths) > limits.pages:
        raise size_error(
            f"{name} has {len(paths)} slides; {limits.pages} is the most",
            "Send only the slides that matter.",
        )
    texts, hidden, comments = list[str](), list[int](), 0
    for number, slide in enumerate(paths, start=1):
        tree = archive.tree(slide)
        if attribute(tree, "show") in ("0", "false"):
            hidden.append(number)
        blocks = texts_of(tree, watch)
        for kind, part in archive.relations(slide).values():
            if kind == "diagramData":
                blocks += texts_of(archive.tree(part), watch)
            elif kind == "comments":
                remarks = archive.tree(part)
                comments += 0 if remarks is None else len(remarks)
            elif kind == "notesSlide" and (said := _notes(archive.tree(part), watch)):
                blocks.append("Notes: " + "\n".join(said))
        texts.append("\n\n".join(block for block in blocks if block.strip()))
    notes = (
        [f"Hidden when it is shown, and read all the same: {format_pages(hidden).replace('page', 'slide')}."]
        if hidden
        else []
    )
    return ReadText(texts, paged=True, notes=[*notes, *archive.list_unread(comments)])


def _relation(slide: Any) -> str:
    return next((value for key, value in slide.attrib.items() if key.endswith("}id")), "")


def _notes(tree: Any, watch: ReadingWatch) -> list[str]:
    """Only what was written: the slide's picture and number stand on the same page."""
    said: list[str] = []
    for shape in tree.iter("{*}sp"):
        place = next(shape.iter("{*}ph"), None)
        if place is not None and attribute(place, "type") == "body":
            said += texts_of(shape, watch)
    return said


def texts_of(tree: Any, watch: ReadingWatch) -> list[str]:
    """The texts of shapes and tables in a drawing, in their order."""
    blocks: list[str] = []
    if tree is None:
        return blocks
    for element in tree:
        kind = local(element)
        watch.count()
        if kind == "txBody":
            blocks.append("\n".join(_numbered(element, watch)))
        elif kind == "tr":
            blocks.append(
                " | ".join(" ".join(" ".join(texts_of(cell, watch)).split()) for cell in children(element, "tc"))
            )
        elif kind == "t" and element.getparent() is not None and local(element.getparent()) == "pt":
            blocks.append("\n".join(_paragraph(one, watch) for one in children(element, "p")))
        elif kind == "AlternateContent":
            chosen = child(element, "Choice")
            blocks += texts_of(chosen if chosen is not None else child(element, "Fallback"), watch)
        elif kind and not _is_hidden(element):
            blocks += texts_of(element, watch)
    return blocks


def _is_hidden(shape: Any) -> bool:
    """Whether a shape or a group of them was switched off; its first child says so."""
    about = next((child(one, "cNvPr") for one in shape if local(one).startswith("nv")), None)
    return about is not None and attribute(about, "hidden") in ("1", "true")


def _numbered(body: Any, watch: ReadingWatch) -> list[str]:
    """The paragraphs of a text, with the numbers that the program puts before those of lists."""
    lines: list[str] = []
    counted: dict[int, tuple[str, int]] = {}
    for paragraph in children(body, "p"):
        text = _paragraph(paragraph, watch)
        marks = child(paragraph, "pPr")
        numbers = child(marks, "buAutoNum") if marks is not None else None
        at = int(attribute(marks, "lvl") or 0) if marks is not None else 0
        counted = {level: known for level, known in counted.items() if level <= at}
        if numbers is None or not text.strip():
            # A paragraph of the same level without a number ends the list; an empty one has none and ends nothing.
            if text.strip():
                counted.pop(at, None)
            lines.append(text)
            continue
        kind = attribute(numbers, "type") or "arabicPeriod"
        start = int(attribute(numbers, "startAt") or 1)
        before = counted.get(at, ("", 0))
        number = before[1] + 1 if before[0] == kind else start
        counted[at] = kind, number
        lines.append(f"{_in_scheme(kind, number)} {text}")
    return lines


def _in_scheme(kind: str, number: int) -> str:
    """
    >>> _in_scheme("arabicPeriod", 2), _in_scheme("alphaLcParenBoth", 2), _in_scheme("romanUcParenR", 4)
    ('2.', '(b)', 'IV)')
    """
    found = _SCHEME.match(kind)
    name, sign = found.groups() if found else ("arabic", "Period")
    written = WORD[_NUMERALS.get(name, "decimal")](number)
    return {"Period": f"{written}.", "ParenR": f"{written})", "ParenBoth": f"({written})"}.get(sign or "", written)


_SCHEME: Final = re.compile(r"(.*?)(Period|ParenR|ParenBoth|Plain|Minus)?\Z")
_NUMERALS: Final = {
    "alphaLc": "lowerLetter",
    "alphaUc": "upperLetter",
    "romanLc": "lowerRoman",
    "romanUc": "upperRoman",
    "circleNumDb": "decimalEnclosedCircle",
    "circleNumWdWhite": "decimalEnclosedCircle",
    "ea1Chs": "chineseCounting",
    "ea1Cht": "chineseCounting",
    "ea1JpnKor": "chineseCounting",
}


def _paragraph(paragraph: Any, watch: ReadingWatch) -> str:
    pieces: list[str] = []
    for element in paragraph.iter():
        watch.count()
        kind = local(element)
        if kind == "t":
            pieces.append(element.text or "")
        elif kind == "br":
            pieces.append("\n")
        elif kind == "tab" and local(element.getparent()) != "tabLst":
            pieces.append("\t")
    return "".join(pieces)
