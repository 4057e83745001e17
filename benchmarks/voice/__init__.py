"""
Talking with the page: whose turn it is, who interrupts, and how soon an answer is heard.

- ``__main__``: Run both and print their table; with ``--write``, into ``RESULTS.md``.
- ``detector``: False ends, ends that are known late, missed and false interruptions, over recordings.
- ``latency``: From the end of what was said to the first sound, in Chromium with a scripted provider.
- ``sounds``: The recordings: people, espeak-ng, and noises made here.
- ``timeline``: What the page and the provider did when, between the two.
"""

SECTIONS = {"shares": "voice", "times": "voice-times"}
"""What is written down by itself: of the recordings, and of the page in Chromium."""
