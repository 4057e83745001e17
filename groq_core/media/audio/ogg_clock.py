"""
When the sound of an Ogg film begins, where ffmpeg does not know.

A page of Ogg tells the time at which it ends, so its first packets began that much earlier than they last. ffmpeg
reckons so only where a second page follows, and for FLAC never: sound that starts late then starts at once.
"""

from __future__ import annotations

from typing import Final

from groq_core.media.audio.container import Container
from groq_core.media.audio.ffmpeg import Media, Probed, Track
from groq_core.media.audio.header_length import look_into
from groq_core.media.audio.packets import first_page

_NOTICED_S: Final = 0.03
_LAST: Final = 4
"""The bit of a page that no other page follows."""

_LONGEST_S: Final = 36_000.0
_OPUS_RATE: Final = 48_000
"""Opus counts so, whatever the rate of what was recorded."""


def lateness(data: Media, container: Container, probed: Probed, track: Track) -> tuple[float, float | None]:
    """
    How much later than ffmpeg believes a track begins, and until when, by ffmpeg's reckoning: what comes after the
    first page it places rightly.
    """
    found = first_page(data, container, track.number)
    if found is None:
        return 0.0, None
    place, lasting_s = found
    with look_into(data) as seen:
        page = bytes(seen[place : place + 14])
    if page[:4] != b"OggS" or not (track.codec == "flac" or page[5] & _LAST):
        return 0.0, None
    ends = int.from_bytes(page[6:14], "little", signed=True)
    rate = _OPUS_RATE if track.codec == "opus" else track.sample_rate
    if ends < 0 or rate <= 0:
        return 0.0, None
    begins = ends / rate - lasting_s - (probed.picture_s or 0.0)
    late = begins - ((track.start_s or 0.0) - probed.start_s)
    return (late, lasting_s) if _NOTICED_S < late < _LONGEST_S else (0.0, None)
