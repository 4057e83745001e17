"""Presentations, slide by slide, with the notes under them: PPTX."""

from __future__ import annotations

from operator import add
from typing import Any, Final

from groq_core.errors import RequestError
from groq_core.services.documents.archive import Archive, attribute, child, children, local
from groq_core.services.documents.parts import (
    ReadingLimits,
    ReadingWatch,
    ReadText,
    damage_error,
    format_pages,
    size_error,
)
from groq_core.services.documents.slide_lists import Masters, SlideLists


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
    presentation = archive.tree(path)
    order = child(presentation, "sldIdLst")
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
    masters = Masters(archive, presentation)
    texts, hidden, comments = list[str](), list[int](), 0
    for number, slide in enumerate(paths, start=1):
        tree = archive.tree(slide)
        if attribute(tree, "show") in ("0", "false"):
            hidden.append(number)
        blocks = texts_of(tree, watch, masters.lists_of(slide))
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


_ALONE: Final = SlideLists()


def texts_of(tree: Any, watch: ReadingWatch, lists: SlideLists = _ALONE) -> list[str]:
    """The texts of shapes and tables in a drawing, in their order, with the numbers of their lists."""
    blocks: list[str] = []
    if tree is None:
        return blocks
    for element in tree:
        kind = local(element)
        watch.count()
        if kind == "txBody":
            paragraphs = [_paragraph(one, watch) for one in children(element, "p")]
            blocks.append("\n".join(map(add, lists.marks(element), paragraphs)))
        elif kind == "tr":
            blocks.append(
                " | ".join(" ".join(" ".join(texts_of(cell, watch, lists)).split()) for cell in children(element, "tc"))
            )
        elif kind == "t" and element.getparent() is not None and local(element.getparent()) == "pt":
            blocks.append("\n".join(_paragraph(one, watch) for one in children(element, "p")))
        elif kind == "AlternateContent":
            chosen = child(element, "Choice")
            blocks += texts_of(chosen if chosen is not None else child(element, "Fallback"), watch, lists)
        elif kind and not _is_hidden(element):
            blocks += texts_of(element, watch, lists)
    return blocks


def _is_hidden(shape: Any) -> bool:
    """Whether a shape or a group of them was switched off; its first child says so."""
    about = next((child(one, "cNvPr") for one in shape if local(one).startswith("nv")), None)
    return about is not None and attribute(about, "hidden") in ("1", "true")


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
