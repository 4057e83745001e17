"""
The sound of parts that have to be sent once more, laid aside on disk.

While nobody answers, every part of a recording fails, and ten hours of them are half a gigabyte. The file has no name
and is gone with the process.
"""

from __future__ import annotations

import tempfile
from contextlib import suppress
from typing import IO


class SoundAside:
    """Bytes by number; close it when nothing is wanted of it any more."""

    def __init__(self) -> None:
        self._file: IO[bytes] | None = None
        self._places: dict[int, tuple[int, int]] = {}
        self._held: dict[int, bytes] = {}

    def put(self, number: int, data: bytes) -> None:
        """Lay something aside; where the disk takes no more it stays in memory."""
        try:
            self._file = self._file or tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
            place = self._file.seek(0, 2)
            self._file.write(data)
            self._file.flush()
        except OSError:
            self._held[number] = data
        else:
            self._places[number] = place, len(data)

    def take(self, number: int) -> bytes:
        """What was laid aside under a number; it can be had once."""
        if number in self._held:
            return self._held.pop(number)
        assert self._file is not None
        place, length = self._places.pop(number)
        self._file.seek(place)
        return self._file.read(length)

    def close(self) -> None:
        if self._file is not None:
            with suppress(OSError):  # what a full disk did not take is lost with the file
                self._file.close()


def without_frames(error: BaseException) -> BaseException:
    """
    Let go of where an error was raised: the frames of its traceback hold the request, and with it the sound.

    Returns:
        The same error.
    """
    at: BaseException | None = error
    while at is not None:
        at.__traceback__ = None
        at = at.__cause__ or at.__context__
    return error
