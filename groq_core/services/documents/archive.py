"""Documents that are ZIP archives of XML: opened within bounds, and parsed without following anything."""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterator
from io import BytesIO
from typing import Any, Final

from lxml import etree

from groq_core.services.documents.parts import (
    EXTENSIONS,
    Kind,
    ReadingLimits,
    damage_error,
    enumerate_unread,
    megabytes,
    size_error,
    unfit,
)

MOST_ENTRIES: Final = 5_000
_KINDS: Final[dict[str, Kind]] = {"word/": "docx", "ppt/": "pptx", "xl/": "xlsx"}
_ODF: Final[dict[bytes, Kind]] = {
    b"application/vnd.oasis.opendocument.text": "odt",
    b"application/vnd.oasis.opendocument.spreadsheet": "ods",
    b"application/vnd.oasis.opendocument.presentation": "odp",
}


_PICTURE: Final = re.compile(r"^(?:(?:word|ppt|xl)/media|Pictures)/[^/]+\.(?!rels$|xml$|mp4$|mp3$|wav$|m4a$)\w+$")
_CHART: Final = re.compile(r"^(?:word|ppt|xl)/charts/chart[^/]*\.xml$|^Object \d+/content\.xml$")
_OBJECT: Final = re.compile(r"^(?:word|ppt|xl)/embeddings/[^/]+\.(?:bin|docx?|pptx?|pdf|msg)$")


class Archive:
    """
    Args:
        label: What a person calls this kind of file.

    Raises:
        RequestError: It is damaged, locked, or unpacks to more than the limits allow.
    """

    def __init__(self, data: bytes, name: str, limits: ReadingLimits, label: str) -> None:
        self._name, self._label = name, label
        try:
            self._zip = zipfile.ZipFile(BytesIO(data))
            entries = self._zip.infolist()
        # What zipfile says of an archive made by a newer version than it knows is the last of them.
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise damage_error(name, label, error) from None
        unpacked = sum(entry.file_size for entry in entries)
        if unpacked > limits.unpacked_bytes or len(entries) > MOST_ENTRIES:
            raise size_error(
                f"{name} unpacks to {megabytes(unpacked)} in {len(entries)} files; {megabytes(limits.unpacked_bytes)} "
                f"in {MOST_ENTRIES} is the most",
                "Save it without embedded pictures and files.",
            )
        if any(entry.flag_bits & 1 for entry in entries):
            raise unfit(f"{name} is locked with a password", "Save it without one.", code="encrypted_file")
        self.names = [entry.filename for entry in entries]

    def bytes(self, path: str) -> bytes:
        return self._zip.read(path)

    def tree(self, path: str) -> Any:
        """The root element of a part; None where there is no such part."""
        if path not in self.names:
            return None
        return etree.fromstring(self._zip.read(path), parser())

    def relations(self, path: str) -> dict[str, tuple[str, str]]:
        """Relations of a part: their ids to their kind (the last word of it) and the path they lead to."""
        folder, file = posixpath.split(path)
        tree = self.tree(posixpath.join(folder, "_rels", f"{file}.rels"))
        found: dict[str, tuple[str, str]] = {}
        for relation in tree if tree is not None else ():
            if relation.get("TargetMode") != "External" and relation.get("Id"):
                target = relation.get("Target", "")
                path_to = (
                    target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
                )
                found[relation.get("Id")] = (relation.get("Type", "").rpartition("/")[2], path_to)
        return found

    def list_unread(self, comments: int = 0) -> list[str]:
        """
        What lies in it that has no text for us, as notes.

        Args:
            comments: Those are counted by who reads the document.
        """
        return enumerate_unread(
            comments=comments,
            pictures=sum(1 for name in self.names if _PICTURE.search(name)),
            charts=sum(1 for name in self.names if _CHART.search(name)),
            objects=sum(1 for name in self.names if _OBJECT.search(name)),
        )

    def main(self, usual: str) -> str:
        """Path of the part that is the document itself."""
        for kind, path in self.relations("").values():
            if kind == "officeDocument" and path in self.names:
                return path
        return usual


def parser() -> etree.XMLParser:
    """Entities stay what they are, nothing is fetched, and depth has its bound."""
    return etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True
    )


def kind_of_archive(data: bytes, name: str, suffix: str) -> Kind:
    """
    Tell which kind of document an archive is, by what is in it.

    Raises:
        RequestError: It is none.
    """
    named = EXTENSIONS.get(suffix)
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            names = archive.namelist()
            mimetype = archive.read("mimetype")[:100] if "mimetype" in names else b""
    except (zipfile.BadZipFile, ValueError, NotImplementedError, KeyError, RuntimeError, OSError):
        names, mimetype = [], b""
    for start, kind in _ODF.items():
        if mimetype.startswith(start):
            return kind
    for folder, kind in _KINDS.items():
        if any(entry.startswith(folder) for entry in names):
            return kind
    if named in ("docx", "pptx", "xlsx", "odt", "ods", "odp"):
        if names and not any(part in names for part in ("[Content_Types].xml", "_rels/.rels", "content.xml")):
            raise unfit(
                f"{name} is called {suffix} but is none: it is an archive with {names[0][:80]} in it"
                if len(names) == 1
                else f"{name} is called {suffix} but is none: it is an archive with {len(names)} other files in it",
                "Unpack it, and send what is in it.",
            )
        return named
    raise unfit(f"{name} is an archive, not a document", f"Send one of {', '.join(EXTENSIONS)}.")


def local(element: Any) -> str:
    """Name of an element without its namespace; empty for comments and instructions."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def attribute(element: Any, name: str) -> str | None:
    """An attribute by its name without namespace: strict and transitional files have different ones."""
    for key, value in element.attrib.items():
        if key.rpartition("}")[2] == name:
            return str(value)
    return None


def children(element: Any, name: str) -> Iterator[Any]:
    return (child for child in element if local(child) == name)


def child(element: Any, name: str) -> Any:
    return next(children(element, name), None)
