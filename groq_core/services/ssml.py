"""SSML, which people bring along from other services: no voice here knows it, and would read its tags aloud."""

from __future__ import annotations

import html
import re
from typing import Final

_TAGS: Final = (
    "speak|break|prosody|emphasis|say-as|phoneme|sub|voice|audio|lang|mark|par|seq|media|p|s|w|desc|lexicon|lookup"
    "|meta|metadata|token|express-as|(?:amazon|mstts|google|ssml):[a-z-]+"
)
_TAG: Final = re.compile(
    rf"</?(?:{_TAGS})(?:\s[^<>]{{0,500}})?/?>|<!--.{{0,1000}}?-->|<\?xml[^<>]{{0,200}}\?>", re.IGNORECASE | re.DOTALL
)
_INLINE: Final = re.compile(r"</?(?:prosody|emphasis|say-as|phoneme|sub|voice|lang|w|token|mark)\b", re.IGNORECASE)
"""What stands within a sentence leaves no gap behind."""

# All lengths are bounded: an opening without its end would be looked for to the end of the text, from each of them.
_SUBSTITUTE: Final = re.compile(
    r"<sub\s[^<>]{0,50}?alias=([\"'])([^<>]{0,200}?)\1[^<>]{0,50}>[^<>]{0,200}</sub>", re.IGNORECASE | re.DOTALL
)
_UNSPOKEN: Final = re.compile(r"<(desc|metadata)(?:\s[^<>]{0,200})?>.{0,1000}?</\1>", re.IGNORECASE | re.DOTALL)
_SPACE: Final = re.compile(r"[ \t]{2,}")


def without_ssml(text: str) -> tuple[str, bool]:
    """
    What is to be spoken of a text, and whether there were tags.

    A text without any is left as it is, entities and comparisons included.

    >>> without_ssml('<speak>Hi<break time="1s"/> Tom &amp; <sub alias="Doctor">Dr.</sub> Who</speak>')
    ('Hi Tom & Doctor Who', True)
    >>> without_ssml("if a < b and b > c, say &amp;")
    ('if a < b and b > c, say &amp;', False)
    """
    if _TAG.search(text) is None:
        return text, False
    plain = _TAG.sub(lambda tag: "" if _INLINE.match(tag[0]) else " ", _UNSPOKEN.sub(" ", _SUBSTITUTE.sub(r"\2", text)))
    return _SPACE.sub(" ", html.unescape(plain)).strip(), True
