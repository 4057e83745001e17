"""OpenDocument: texts (ODT), sheets (ODS) and presentations (ODP)."""

from __future__ import annotations

from typing import Any, Final

from groq_core.errors import RequestError
from groq_core.incoming.whole_numbers import whole_number
from groq_core.services.documents.archive import Archive, attribute, child, local
from groq_core.services.documents.opendocument_lists import ListNumbers
from groq_core.services.documents.parts import ReadingLimits, ReadingWatch, ReadText, damage_error

_GONE: Final = frozenset(
    {"tracked-changes", "annotation", "annotation-end", "sequence-decls", "variable-decls", "forms", "desc", "title"}
    | {"note-citation", "shapes", "table-of-content-source", "script", "event-listeners", "notes", "automatic-styles"}
)
_BLOCKS: Final = frozenset({"p", "h"})
_MOST_REPEATS: Final = 200


def read_opendocument(data: bytes, name: str, limits: ReadingLimits) -> ReadText:
    archive = Archive(data, name, limits, "OpenDocument")
    watch = ReadingWatch(name, limits)
    try:
        return _read(archive, watch)
    except RequestError:
        raise
    except Exception as error:
        raise damage_error(name, "OpenDocument", error) from None


def _read(archive: Archive, watch: ReadingWatch) -> ReadText:
    root, styles = archive.tree("content.xml"), archive.tree("styles.xml")
    content = child(root, "body")[0]
    kind = local(content)
    reading = _Reading(watch, ListNumbers(styles, root))
    unread = archive.list_unread(comments=sum(1 for _ in content.iter("{*}annotation")))
    if kind == "presentation":
        texts = [_slide(page, reading) for page in content if local(page) == "page"]
        return ReadText(texts, paged=True, notes=unread)
    if kind == "spreadsheet":
        texts = [
            "\n".join((f"## {attribute(table, 'name')}", "", *reading.rows(table))).strip()
            for table in content
            if local(table) == "table"
        ]
        return ReadText(texts, paged=True, notes=unread)
    head, foot = _edges(styles, reading)
    text = reading.join_blocks(content)
    return ReadText(["\n\n".join(filter(None, (*head, text, *reading.notes, *foot)))], notes=unread)


def _slide(page: Any, reading: _Reading) -> str:
    """What it shows, then what is noted under it."""
    notes = child(page, "notes")
    said = "" if notes is None else reading.join_blocks(notes)
    return "\n\n".join(filter(None, (reading.join_blocks(page), f"Notes: {said}" if said else "")))


def _edges(styles: Any, reading: _Reading) -> tuple[list[str], list[str]]:
    found: tuple[list[str], list[str]] = [], []
    if styles is None:
        return found
    for place, names in enumerate(
        (("header", "header-first", "header-left"), ("footer", "footer-first", "footer-left"))
    ):
        for element in styles.iter():
            if local(element) in names and attribute(element, "display") != "false":
                text = reading.join_blocks(element)
                if text and text not in found[place]:
                    found[place].append(text)
    return found


class _Reading:
    def __init__(self, watch: ReadingWatch, numbers: ListNumbers) -> None:
        self._watch, self._numbers = watch, numbers
        self._boxes: list[str] = []
        self.notes: list[str] = []

    def join_blocks(self, container: Any) -> str:
        return "\n\n".join(block for block in self.blocks(container) if block.strip())

    def blocks(self, container: Any) -> list[str]:
        blocks: list[str] = []
        for element in container:
            kind = local(element)
            self._watch.count()
            if kind in _BLOCKS:
                mark = self._numbers.heading(element) if kind == "h" else ""
                blocks.append(mark + "".join(self._runs(element)))
                boxes, self._boxes = self._boxes, []
                blocks += boxes
            elif kind == "table":
                blocks += self.rows(element)
            elif kind == "list":
                blocks += self._list(element)
            elif kind and kind not in _GONE and _is_shown(element):
                blocks += self.blocks(element)
        return blocks

    def _list(self, element: Any) -> list[str]:
        blocks: list[str] = []
        self._numbers.begin(element)
        for item in element:
            numbered = local(item) == "list-item" and len(item) and local(item[0]) in _BLOCKS
            mark = self._numbers.mark(item) if numbered else ""
            found = self.blocks(item)
            blocks += [mark + found[0], *found[1:]] if found else []
        self._numbers.end()
        return blocks

    def rows(self, table: Any) -> list[str]:
        rows: list[str] = []
        for element in table:
            kind = local(element)
            self._watch.count()
            if kind == "table-row":
                row = " | ".join(self._cells(element)).rstrip(" |")
                rows += [row] * (_repeats(element, "number-rows-repeated") if row else 1)
            elif kind in ("table-rows", "table-header-rows", "table-row-group"):
                rows += self.rows(element)
        while rows and not rows[-1]:
            rows.pop()
        return rows

    def _cells(self, row: Any) -> list[str]:
        cells: list[str] = []
        for element in row:
            if local(element) not in ("table-cell", "covered-table-cell"):
                continue
            self._watch.count()
            text = " ".join(" ".join(self.blocks(element)).split())
            repeats = _repeats(element, "number-columns-repeated")
            if local(element) == "table-cell" or text:
                cells += [text] * (repeats if text else min(repeats, 1))
        return cells

    def _runs(self, container: Any) -> list[str]:
        pieces = [container.text or ""]
        for element in container:
            kind = local(element)
            self._watch.count()
            if kind == "s":
                pieces.append(" " * _repeats(element, "c"))
            elif kind == "tab":
                pieces.append("\t")
            elif kind == "line-break":
                pieces.append("\n")
            elif kind == "note":
                pieces.append(self._note(element))
            elif kind in ("frame", "text-box", "custom-shape", "rect", "ellipse", "g"):
                self._boxes += self.blocks(element)
            elif kind in ("ruby-text",):
                pass
            elif kind and kind not in _GONE and _is_shown(element):
                pieces += self._runs(element)
            pieces.append(element.tail or "")
        return pieces

    def _note(self, note: Any) -> str:
        mark = f"[{len(self.notes) + 1}]"
        place = len(self.notes)
        self.notes.append("")
        self.notes[place] = f"{mark} {' '.join(self.blocks(child(note, 'note-body')))}"
        return mark


def _is_shown(element: Any) -> bool:
    return attribute(element, "display") not in ("none", "condition") and attribute(element, "is-hidden") != "true"


def _repeats(element: Any, name: str) -> int:
    return max(1, min(_MOST_REPEATS, whole_number(attribute(element, name), 1)))
