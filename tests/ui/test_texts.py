"""The page's words in its two languages."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

import groq_core.ui
from groq_core.ui.static import ASSETS
from groq_core.ui.texts import TEXTS
from groq_core.ui.texts_de import GERMAN
from groq_core.ui.texts_de_admin import ADMIN

ROOT = Path(groq_core.ui.__file__).parent
FOR_MODELS = re.compile(r"_prompt$")
KEY = re.compile(r"\b(?:Esc|press Enter|Ctrl|Shift|Strg|Umschalt)\b")
TABLES = {
    "GERMAN": ["texts_de.py", "texts_de_status.py"],
    "SERVER": ["texts_de_server.py", "texts_de_answering.py", "texts_de_documents.py"],
    "TEXTS": ["texts.py", "texts_answer.py", "texts_settings.py"],
}
"""The modules that make up one table."""
ADMIN_SAYS = [
    r'words\("([^"]*)"',  # a sentence
    r'^ {6}\["([^"]*)", \(',  # a column's title
    r'table\(\w+, [^"]*, "([^"]*)"\)',  # what is said where there are no rows
    r'\bform\("[a-z ]*", "([^"]*)"',
    r'\["\w+", (?:announcement \|\| )?"([^"]*)", (?:true|false)\]',  # what a field is for
    r'\bact\("([^"]*)"',
]
FRESH = 20
"""Words that may wait for their translation; the page says them in English until then."""


def test_the_admin_page_says_what_its_german_knows() -> None:
    script = (ASSETS / "js" / "admin" / "admin.js").read_text("utf-8")
    said = {text for pattern in ADMIN_SAYS for text in re.findall(pattern, script, re.MULTILINE)} - {""}

    assert said - set(ADMIN) == set()
    assert [name for name in ADMIN if placeholders(name) != placeholders(ADMIN[name])] == []


@pytest.mark.parametrize("table", TABLES)
def test_nothing_is_said_twice(table: str) -> None:
    """Of two entries of one name the later would be shown, and the other one mended in vain."""
    trees = [ast.parse((ROOT / name).read_text("utf-8")) for name in TABLES[table]]
    named = Counter(
        key.value
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Dict)
        for key in node.keys
        if isinstance(key, ast.Constant)
    )

    assert [name for name, times in named.items() if times > 1] == []


def placeholders(text: str) -> list[str]:
    """The names of what is filled in, also where the noun behind a number has two forms."""
    return sorted(re.findall(r"\{(\w+)(?:\|[^|{}]+\|[^|{}]+)?\}", text))


def test_german_says_what_the_page_says() -> None:
    missing = [name for name in TEXTS if name not in GERMAN and not FOR_MODELS.search(name)]

    assert len(missing) <= FRESH, missing


def test_german_says_nothing_nobody_asks_for() -> None:
    assert [name for name in GERMAN if name not in TEXTS] == []


def test_what_is_filled_in_is_the_same_in_both() -> None:
    for name, text in GERMAN.items():
        if name != "batch_prompt_placeholder":
            assert placeholders(text) == placeholders(TEXTS[name]), name


@pytest.mark.parametrize("texts", [TEXTS, GERMAN], ids=["English", "German"])
def test_what_names_a_key_is_said_in_other_words_where_there_is_none(texts: dict[str, str]) -> None:
    named = [name for name, text in texts.items() if KEY.search(text) and not name.startswith("key_")]

    assert named
    for name in named:
        assert not KEY.search(texts[f"{name}_touch"]), name


@pytest.mark.parametrize("texts", [TEXTS, GERMAN], ids=["English", "German"])
def test_nothing_in_braces_is_left_unfilled(texts: dict[str, str]) -> None:
    wrong = [
        name
        for name, text in texts.items()
        if len(placeholders(text)) != text.count("{") and "_placeholder" not in name
    ]

    assert wrong == []
