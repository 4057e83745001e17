"""
What the simulated model writes: plainly simulated, made from what it was asked, as long as was asked for.

The same conversation gives the same text for the same ``salt``; with temperature 0 there is no salt, so that
every model says the same and a broken answer can be spliced by another.
"""

from __future__ import annotations

import hashlib
import random
import re
from itertools import chain, islice
from typing import NamedTuple

from groq_core.simulator import snippets, tokens
from groq_core.simulator.prose import STATEMENTS, paragraphs, sentences
from groq_core.simulator.skills import compute, frequent_words
from groq_core.simulator.wire_format import Json, encode, words

MARK = "*Simulated: no model was asked; groq-core's simulator wrote this from your message.*"
_MARKS = (
    MARK,
    "*This is a simulated answer, written by groq-core's simulator; no model saw your message.*",
    "*A simulated answer: this text was computed from your message, not by a model.*",
)
ABOUT = (
    "This is a simulated answer: no model is behind it, and nothing leaves this machine. What the simulator can do "
    "is compute: sums (`17 * 23`), dates, counting, spelling, lists it was given, what you told it before, a picture's "
    "size and colours, a recording's length and loudness. Ask it to *explain something in detail* to see headings, a "
    "list, a table, code and a formula, or for *500 words* to watch a long answer stream. With a key in "
    "`GROQ_API_KEY` the same page talks to Groq."
)


class Length(NamedTuple):
    """How much is asked for: ``unit`` is word, token, sentence or paragraph."""

    unit: str
    number: int


def write(messages: list[Json], salt: str = "") -> str:
    """Answer the last user message of a conversation."""
    said = [tokens.text_of(m.get("content")) for m in messages if m.get("role") == "user"]
    question = said[-1] if said else ""
    results = _tool_results(messages)
    rng = random.Random(fingerprint(messages, salt))
    if results:
        return _from_results(question, results, rng)
    asked = length_asked(question)
    if (asked is None or asked.number < 20) and (answer := compute(question, said[:-1])) is not None:
        return answer
    if asked is not None:
        return _measure(question, asked, rng)
    return _compose(question, messages, said, rng)


def fingerprint(messages: list[Json], salt: str) -> int:
    """A number that stands for a conversation."""
    return int.from_bytes(hashlib.blake2b(encode(messages) + salt.encode(), digest_size=8).digest(), "big")


def length_asked(question: str) -> Length | None:
    """
    >>> length_asked("Write 500 words on rivers"), length_asked("Explain in one sentence.")
    (Length(unit='word', number=500), Length(unit='sentence', number=1))
    >>> length_asked("Give me about 2,000 tokens of text")
    Length(unit='token', number=2000)
    """
    question = ends_of(question)
    found = re.search(
        r"\b(\d[\d,.]{0,20}|one|two|three|four|five|six|ten|a single|a)[\s-]{1,9}(?:more\s{1,9})?"
        r"(word|token|sentence|paragraph)s?\b",
        question,
        re.I,
    )
    if found is None:
        return None
    if re.search(
        rf"(?:how many|count|reverse|the last|the first|the|every|each)\s+{re.escape(found.group(0))}", question, re.I
    ):
        return None
    spoken = {"one": 1, "a": 1, "a single": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "ten": 10}
    figure = found.group(1).lower()
    number = spoken.get(figure) or int(re.sub(r"\D", "", figure)[:9] or 0)
    return Length(found.group(2).lower(), min(number, 200_000)) if number else None


def ends_of(question: str, each: int = 4_000) -> str:
    """Where a wish stands in a long text, at its beginning or its end; what lies between holds up a whole process."""
    return question if len(question) <= 2 * each else f"{question[:each]}\n{question[-each:]}"


def gist(question: str, most: int = 90) -> str:
    """The question in one line, cut at a word."""
    line = " ".join(question.split())
    return line if len(line) <= most else line[:most].rsplit(" ", 1)[0] + " …"


def _measure(question: str, asked: Length, rng: random.Random) -> str:
    match asked.unit:
        case "sentence":
            about = f"to “{gist(question, 60)}”" if question.strip() else "to nothing in particular"
            first = f"This is a simulated answer {about}, written without a model."
            return " ".join([first, *islice(sentences(rng), asked.number - 1)])
        case "paragraph":
            plain = (paragraph for paragraph in paragraphs(rng) if not paragraph.startswith("#"))
            return "\n\n".join([MARK, *islice(plain, asked.number)])
        case "word":
            return _words(question, rng, asked.number)
        case _:
            return _tokens(question, rng, asked.number)


def _words(question: str, rng: random.Random, number: int) -> str:
    """Exactly so many words, as white space parts them."""
    if number <= 12:
        return " ".join([*words("simulated answer by the simulator without any model"), *question.split()][:number])
    parts: list[str] = []
    missing = number
    for paragraph in chain([MARK], paragraphs(rng)):
        written = paragraph.split()
        if len(written) >= missing:
            parts.append(" ".join(written[:missing]).rstrip(".,;:") + ".")
            break
        parts.append(paragraph)
        missing -= len(written)
    return "\n\n".join(parts)


def _tokens(question: str, rng: random.Random, number: int) -> str:
    """Exactly so many tokens."""
    pieces = tokens.split(f"{MARK}\n\n# {_title(question)}")
    for paragraph in paragraphs(rng):
        if len(pieces) >= number:
            break
        pieces += tokens.split("\n\n" + paragraph)
    return "".join(pieces[:number])


def _title(question: str) -> str:
    topics = [word for word, _ in frequent_words(question, 2)]
    return f"How an answer on {' and '.join(topics)} reaches you" if topics else "How an answer reaches you"


def _tool_results(messages: list[Json]) -> list[tuple[str, str]]:
    """Name and text of the tool results that stand after the last user message."""
    names: dict[str, str] = {}
    results: list[tuple[str, str]] = []
    for message in messages:
        if message.get("role") == "user":
            results.clear()
        for call in message.get("tool_calls") or ():
            names[str(call.get("id"))] = str((call.get("function") or {}).get("name", "tool"))
        if message.get("role") == "tool":
            name = message.get("name") or names.get(str(message.get("tool_call_id")), "tool")
            results.append((str(name), tokens.text_of(message.get("content"))))
    return results


def _from_results(question: str, results: list[tuple[str, str]], rng: random.Random) -> str:
    """Say what the tools found."""
    told = [f"`{name}` says: {gist(text, 600) or '(nothing)'}" for name, text in results]
    opening = f"You asked: “{gist(question)}”. " if question else ""
    if len(told) == 1:
        return f"{opening}The tool {told[0]}\n\n{rng.choice(_MARKS)}"
    return f"{opening}The tools found:\n\n" + "\n".join(f"- {line}" for line in told) + f"\n\n{rng.choice(_MARKS)}"


def _compose(question: str, messages: list[Json], said: list[str], rng: random.Random) -> str:
    asked = ends_of(question).lower()
    if re.search(
        r"^\W*(hi|hello|hey|good (morning|day|evening)|greetings)\b|\bwho are you|what can you do|\bhelp\b", asked
    ):
        return f"Hello! {ABOUT}"
    if not question.strip():
        return f"{rng.choice(_MARKS)}\n\nYour message was empty. {ABOUT}"
    parts = [rng.choice(_MARKS), _opening(question, messages, said, rng)]
    brief = re.search(r"\b(brief(ly)?|short|concise(ly)?|quick(ly)?|one[- ]line(r)?|in a nutshell)\b", asked)
    return "\n\n".join(parts if brief else parts + _sections(question, rng))


def _opening(question: str, messages: list[Json], said: list[str], rng: random.Random) -> str:
    """What can be said of any message."""
    carrying = ", ".join(word for word, _ in frequent_words(question, 3))
    about = f"; the words that carry it are {carrying}" if carrying else ""
    turn = f" It is your {_ordinal(len(said))} in this conversation." if len(said) > 1 else ""
    return (
        f"You asked: “{gist(question)}”\n\nA model would answer that here. The simulator can only tell what it "
        f"computes: your message has {len(question.split())} words and about {tokens.count(question)} tokens{about}."
        f"{turn} By the way: {_lower_first(rng.choice(STATEMENTS))}."
    )


def _sections(question: str, rng: random.Random) -> list[str]:
    """Markdown of the kinds the question calls for; of all kinds when it asks for something long."""
    asked = ends_of(question).lower()
    long = bool(re.search(r"\b(explain|essay|article|report|in detail|detailed|long|guide|tutorial|markdown)\b", asked))
    sections = []
    if long:
        sections.append(f"# {_title(question)}")
        sections += islice(paragraphs(rng), 4)
    if long or re.search(r"\b(list|steps|bullet|points|ways|tips|ideas|pros|reasons|items)\b", asked):
        sections.append(_list(asked, rng))
    if long or re.search(r"\b(table|compare|comparison|columns|versus|vs)\b", asked):
        sections.append(_table(question))
    if long or re.search(r"\b(code|python|function|script|program|snippet)\b", asked):
        sections.append(snippets.section(question))
    if long or re.search(r"\b(math|formula|equation|latex|derive|integral)\b", asked):
        sections.append(_math(question))
    return sections


def _list(asked: str, rng: random.Random) -> str:
    found = re.search(r"\b(\d{1,2})\b", asked)
    number = min(int(found.group(1)), 30) if found else 4
    lines = islice(sentences(rng), max(1, number))
    return "## In a list\n\n" + "\n".join(f"{n}. {line}" for n, line in enumerate(lines, 1))


def _table(question: str) -> str:
    rows = frequent_words(question, 6) or [("(nothing)", 0)]
    lines = (
        f"| {word} | {count} | {len(word)} | {sum(letter in 'aeiou' for letter in word)} |" for word, count in rows
    )
    head = "| word | times | letters | vowels |\n|---|---:|---:|---:|\n"
    return "## In a table\n\nThe words of your message that carry it:\n\n" + head + "\n".join(lines)


def _math(question: str) -> str:
    size = tokens.count(question)
    return (
        "## In a formula\n\nAt $v$ tokens a second, $n$ tokens take $t = n / v$ seconds. Your message has about "
        f"$n = {size}$ tokens, so reading it back at $v = 500$ takes\n\n"
        f"$$t = \\frac{{{size}}}{{500}} = {size / 500:.3f}\\ \\text{{s}}.$$"
    )


def _lower_first(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:]


def _ordinal(number: int) -> str:
    """
    >>> [_ordinal(n) for n in (1, 2, 3, 4, 11, 22)]
    ['1st', '2nd', '3rd', '4th', '11th', '22nd']
    """
    ending = "th" if 10 <= number % 100 <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
