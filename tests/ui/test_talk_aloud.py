"""What Talk reads aloud, and what it leaves out."""

from __future__ import annotations

import pytest
from playwright.async_api import Page

from tests.requires import needs

pytestmark = [pytest.mark.browser, needs("chromium")]

READ = """async ([text, piece]) => {
    const script = document.querySelector('script[src*="js/first.js"]').src;
    const { Sentences } = await import(new URL("talk/sentences.js", script).href);
    const said = [];
    const sentences = new Sentences((sentence) => said.push(sentence));
    for (let at = piece; at < text.length; at += piece) sentences.hear(text.slice(0, at));
    sentences.hear(text, true);
    return said;
}"""

MARKDOWN = """# Hash tables

A *hash table* maps **keys** to values. It takes `O(1)` on average, i.e. it is fast! See
[the article](https://example.org/a_b) or https://example.org/long/address for more.

```python
print("not. read. aloud.")
```

| a | b |
|---|---|
| 1. | 2. |

1. First, make an array.
2. Then $h(k) = k \\bmod n$ picks a slot. It costs $5. Really?
   - nested 🎉 point

> Quoted, by Dr. Knuth.

$$x^2$$

![picture](data:image/png;base64,AAAA) The end &amp; nothing more"""

ALOUD = [
    "Hash tables",
    "A hash table maps keys to values.",
    "It takes O(1) on average, i.e. it is fast!",
    "See",
    "the article or example.org for more.",
    "There is code here; it stands on the screen.",
    "There is a table here; it stands on the screen.",
    "First, make an array.",
    "Then a formula, which stands on the screen picks a slot.",
    "It costs $5.",
    "Really?",
    "nested point",
    "Quoted, by Dr. Knuth.",
    "a formula, which stands on the screen",
    "a picture The end & nothing more",
]


@pytest.mark.one_page
async def test_what_is_read_aloud_is_the_same_however_it_streams(page: Page) -> None:
    for piece in (1, 7, 10_000):
        assert await page.evaluate(READ, [MARKDOWN, piece]) == ALOUD, piece
    # Long sentences are cut where a voice would breathe.
    long = "word " * 60 + "and a comma, " + "more " * 30 + "end."
    said = await page.evaluate(READ, [long, 50])

    assert all(len(piece) <= 200 for piece in said)
    assert " ".join(said) == " ".join(long.split())
