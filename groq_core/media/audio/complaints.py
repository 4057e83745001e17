"""What a decoder finds wrong with a recording while it decodes it, counted, so that nothing is lost in silence."""

from __future__ import annotations

import subprocess
import threading
from contextlib import suppress
from typing import IO, Final

_HARMLESS: Final = (b"monotonically increasing dts", b"Last message repeated")
_AT_A_SEAM: Final = (b"Header missing", b"Error while decoding", b"Error submitting packet", b"invalid new backstep")
"""What is said of the first frame behind tags, or of another file, in the middle of an MP3."""

_LINES_A_SEAM: Final = 2

_LONGEST_LINE: Final = 4096
_PATIENCE_S: Final = 5.0


class Complaints:
    """The lines that ffmpeg writes about errors in a file; none of them is kept."""

    def __init__(self) -> None:
        self._about_seams = 0
        self._others = 0
        self._listener: threading.Thread | None = None

    def hear(self, process: subprocess.Popen[bytes]) -> None:
        """Count what a process writes, until it ends."""
        assert process.stderr is not None
        self._listener = threading.Thread(target=self._count, args=(process.stderr,), daemon=True)
        self._listener.start()

    def wait(self) -> None:
        """Return when all is counted: the process has ended."""
        if self._listener is not None:
            self._listener.join(_PATIENCE_S)

    def exceed(self, seams: int) -> bool:
        """
        Whether there were more than places where files were joined bring with them.

        Args:
            seams: How many such places there are.
        """
        self.wait()
        return self._others > 0 or self._about_seams > _LINES_A_SEAM * seams

    def _count(self, pipe: IO[bytes]) -> None:
        with suppress(ValueError):  # closed, when nobody wants to hear the rest
            while line := pipe.readline(_LONGEST_LINE):
                if any(words in line for words in _HARMLESS):
                    continue
                if any(words in line for words in _AT_A_SEAM):
                    self._about_seams += 1
                else:
                    self._others += 1
