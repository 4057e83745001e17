"""
A Word file as it is read on paper: headers, then text, tables and boxes in their order, footnotes, footers.

What was inserted or moved here is there, what was deleted or moved away is not; of fields there is what they show, and
before the paragraphs of lists their numbers.
"""

from __future__ import annotations

from typing import Any, Final

from groq_core.errors import RequestError
from groq_core.services.documents.archive import Archive, attribute, child, children, local
from groq_core.services.documents.numbering import Numbering
from groq_core.services.documents.parts import ReadingLimits, ReadingWatch, ReadText, damage_error

_GONE: Final = frozenset(
    {
        "del",
        "moveFrom",
        "instrText",
        "delText",
        "delInstrText",
        "pPr",
        "rPr",
        "tblPr",
        "tblGrid",
        "trPr",
        "tcPr",
        "sdtPr",
    }
    | {"sectPr", "sdtEndPr", "fldData", "rt", "Fallback", "docPartObj", "numPr", "tblPrEx", "moveFromRangeStart"}
)
_SIGNS: Final = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "softHyphen": ""}


def read_docx(data: bytes, name: str, limits: ReadingLimits) -> ReadText:
    archive = Archive(data, name, limits, "Word")
    try:
        return _Reading(archive, ReadingWatch(name, limits)).read()
    except RequestError:
        raise
    except Exception as error:  # a damaged file raises whatever its bytes happen to run into
        raise damage_error(name, "Word", error) from None


class _Reading:
    def __init__(self, archive: Archive, watch: ReadingWatch) -> None:
        self._archive, self._watch = archive, watch
        self._path = archive.main("word/document.xml")
        self._related = archive.relations(self._path)
        self._notes: list[str] = []
        self._boxes: list[str] = []
        self._fields: list[str] = []
        self._numbering = Numbering(self._part("numbering"), self._part("styles"))
        # Words of paragraphs whose end was deleted: they are the beginning of the next one.
        self._carried = ""
        self._footnotes = {kind: self._note_bodies(kind) for kind in ("footnotes", "endnotes")}

    def read(self) -> ReadText:
        root = self._archive.tree(self._path)
        body = child(root, "body")
        if body is None:
            raise ValueError("no body")
        blocks = self._blocks(body)
        head, foot = self._edges(root, "header"), self._edges(root, "footer")
        comments = self._part("comments")
        notes = self._archive.list_unread(comments=0 if comments is None else len(comments))
        if self._numbering.unknown:
            notes.append("Some numbers of lists are written in digits here, and in other signs in the file.")
        texts = [block for block in (*head, *blocks, *self._notes, *foot) if block.strip()]
        return ReadText(["\n\n".join(texts)], notes=notes)

    def _part(self, kind: str) -> Any:
        path = next((path for one, path in self._related.values() if one == kind), "")
        return self._archive.tree(path)

    # ── blocks: paragraphs and rows ──────────────────────────────────────────────────────────────────

    def _blocks(self, container: Any) -> list[str]:
        blocks: list[str] = []
        for element in container:
            kind = local(element)
            self._watch.count()
            if kind == "p":
                blocks += self._whole_paragraph(element)
            elif kind == "tbl":
                blocks += self._rows(element)
            elif kind == "AlternateContent":
                blocks += self._blocks(_choice(element))
            elif kind and kind not in _GONE:
                blocks += self._blocks(element)
        return [*blocks, *self._take_carried()]

    def _whole_paragraph(self, paragraph: Any) -> list[str]:
        """A paragraph under its number, with the boxes in it; nothing yet where its end is not to be seen."""
        if _ends_unseen(paragraph):
            self._carried += self._paragraph(paragraph)
            return self._take_boxes()
        carried, self._carried = self._carried, ""
        mark = self._numbering.mark(paragraph)
        return [mark + carried + self._paragraph(paragraph), *self._take_boxes()]

    def _take_carried(self) -> list[str]:
        carried, self._carried = self._carried, ""
        return [carried] if carried else []

    def _take_boxes(self) -> list[str]:
        boxes, self._boxes = self._boxes, []
        return boxes

    def _rows(self, table: Any) -> list[str]:
        rows: list[str] = []
        for element in table:
            kind = local(element)
            self._watch.count()
            if kind == "tr":
                marks = child(element, "trPr")
                if marks is None or child(marks, "del") is None:
                    rows.append(" | ".join(self._cells(element)))
            elif kind and kind not in _GONE:
                rows += self._rows(element)
        return rows

    def _cells(self, row: Any) -> list[str]:
        cells: list[str] = []
        for element in row:
            kind = local(element)
            if kind == "tc":
                cells.append(" ".join(" ".join(self._blocks(element)).split()))
            elif kind and kind not in _GONE:
                cells += self._cells(element)
        return cells

    # ── runs ─────────────────────────────────────────────────────────────────────────────────────────

    def _paragraph(self, paragraph: Any) -> str:
        text = "".join(self._runs(paragraph))
        self._fields = [state for state in self._fields if state != "begin"]  # an instruction ends with its line
        return text

    def _runs(self, container: Any) -> list[str]:
        pieces: list[str] = []
        for element in container:
            kind = local(element)
            self._watch.count()
            if kind in _GONE or not kind:
                continue
            if kind == "fldChar":
                self._field(attribute(element, "fldCharType"))
            elif "begin" in self._fields:
                self._runs(element)  # the end of an instruction stands somewhere inside it
            elif kind == "t":
                pieces.append(element.text or "")
            elif kind in _SIGNS:
                pieces.append(_SIGNS[kind])
            elif kind == "sym":
                pieces.append(_symbol(element))
            elif kind in ("footnoteReference", "endnoteReference"):
                pieces.append(self._note(kind.removesuffix("Reference") + "s", attribute(element, "id")))
            elif kind == "txbxContent":
                self._boxes += self._blocks(element)
            elif kind == "relIds":
                self._boxes += self._diagram(attribute(element, "dm"))
            elif kind == "AlternateContent":
                pieces += self._runs(_choice(element))
            elif kind != "r" or not _is_hidden(element):
                pieces += self._runs(element)
        return pieces

    def _diagram(self, number: str | None) -> list[str]:
        """What stands in the shapes of a SmartArt, which has its words in a part of its own."""
        data = self._archive.tree(self._related.get(number or "", ("", ""))[1])
        shapes = data.iter("{*}pt") if data is not None else ()
        return [
            text for shape in shapes if (text := "".join(one.text or "" for one in shape.iter("{*}t") if not len(one)))
        ]

    def _field(self, kind: str | None) -> None:
        """Between its beginning and its separator a field is an instruction; what comes then is what it shows."""
        if kind == "begin":
            self._fields.append("begin")
        elif kind == "separate" and self._fields:
            self._fields[-1] = "shown"
        elif kind == "end" and self._fields:
            self._fields.pop()

    # ── notes, headers, footers ──────────────────────────────────────────────────────────────────────

    def _note_bodies(self, kind: str) -> dict[str | None, Any]:
        part = self._part(kind)
        if part is None:
            return {}
        return {attribute(note, "id"): note for note in part if attribute(note, "type") in (None, "normal")}

    def _note(self, kind: str, number: str | None) -> str:
        note = self._footnotes[kind].pop(number, None)
        if note is None:
            return ""
        mark = f"[{len(self._notes) + 1}]"
        place = len(self._notes)
        self._notes.append("")
        self._notes[place] = f"{mark} {' '.join(block.strip() for block in self._blocks(note))}"
        return mark

    def _edges(self, root: Any, which: str) -> list[str]:
        """What stands above or below the pages, once for all sections; the first page's own where it is used."""
        settings = self._part("settings")
        even = settings is not None and _on(child(settings, "evenAndOddHeaders"))
        found: dict[str, None] = {}
        for section in root.iter("{*}sectPr"):
            first = _on(child(section, "titlePg"))
            for reference in children(section, f"{which}Reference"):
                kind = attribute(reference, "type")
                if (kind == "first" and not first) or (kind == "even" and not even):
                    continue
                part = self._archive.tree(self._related.get(attribute(reference, "id") or "", ("", ""))[1])
                if part is not None:
                    found.update(dict.fromkeys(self._blocks(part)))
        return [text for text in found if text.strip()]


def _choice(element: Any) -> Any:
    """Of two ways to say the same the one that is meant for newer programs."""
    chosen = child(element, "Choice")
    return chosen if chosen is not None and len(chosen) else child(element, "Fallback") if chosen is None else chosen


def _ends_unseen(paragraph: Any) -> bool:
    """Whether the end of a paragraph was deleted, moved away or hidden: what follows stands in the same one."""
    marks = child(paragraph, "pPr")
    marks = child(marks, "rPr") if marks is not None else None
    if marks is None:
        return False
    gone = any(child(marks, kind) is not None for kind in ("del", "moveFrom"))
    return gone or _on(child(marks, "vanish")) or _on(child(marks, "specVanish"))


def _is_hidden(run: Any) -> bool:
    marks = child(run, "rPr")
    return marks is not None and (_on(child(marks, "vanish")) or _on(child(marks, "webHidden")))


def _on(switch: Any) -> bool:
    return switch is not None and attribute(switch, "val") not in ("0", "false", "off")


def _symbol(element: Any) -> str:
    try:
        code = int(attribute(element, "char") or "", 16)
    except ValueError:
        return ""
    code -= 0xF000 if 0xF020 <= code <= 0xF0FF else 0
    return chr(code) if 0 < code < 0xD800 or 0xE000 <= code <= 0x10FFFF else ""
