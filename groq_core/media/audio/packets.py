"""What the packets of a recording tell of its clock, without decoding them."""

from __future__ import annotations

from groq_core.media.audio import ffmpeg
from groq_core.media.audio.container import Container
from groq_core.media.audio.ffmpeg import Media


def longest_gap(data: Media, container: Container, track: int = 0) -> float:
    """Seconds of the longest hole between two packets of a track, the time before the first one included."""
    command = ["ffprobe", "-v", "error", *ffmpeg.choose(container), "-select_streams", f"a:{track}"]
    found = ffmpeg.ask(
        data, [*command, "-show_entries", "packet=pts_time,duration_time", "-of", "json"], container.name
    )
    longest, reached = 0.0, 0.0
    for packet in found.get("packets", []):
        begin = ffmpeg.seconds(packet.get("pts_time"))
        if begin is None:
            continue
        longest = max(longest, begin - reached)
        reached = max(reached, begin + (ffmpeg.seconds(packet.get("duration_time")) or 0.0))
    return longest


def begin_s(data: Media, container: Container, track: int) -> float:
    """Seconds at which the first packet of a track lies."""
    command = ["ffprobe", "-v", "error", *ffmpeg.choose(container), "-select_streams", f"a:{track}"]
    command += ["-read_intervals", "%+#1", "-show_entries", "packet=pts_time", "-of", "json"]
    packets = ffmpeg.ask(data, command, container.name).get("packets", [])
    return (ffmpeg.seconds(packets[0].get("pts_time")) or 0.0) if packets else 0.0


def first_page(data: Media, container: Container, track: int) -> tuple[int, float] | None:
    """
    Of a track in an Ogg file where the first page with sound lies, and how many seconds its packets last.

    Returns:
        None where that cannot be told.
    """
    command = ["ffprobe", "-v", "error", *ffmpeg.choose(container), "-select_streams", f"a:{track}"]
    command += ["-read_intervals", f"%+#{_MOST_PACKETS}", "-show_entries", "packet=duration_time,pos", "-of", "json"]
    packets = ffmpeg.ask(data, command, container.name).get("packets", [])
    place = packets[0].get("pos", "") if packets else ""
    lasting = [ffmpeg.seconds(packet.get("duration_time")) or 0.0 for packet in packets if packet.get("pos") == place]
    if not place.isdecimal():
        return None
    # The very last packet is said to last as long as there is a hole anywhere.
    *others, last = lasting
    return int(place), sum(others) + min(last, max(others, default=last))


_MOST_PACKETS = 256
"""A page of Ogg ends at most 255 of them."""
