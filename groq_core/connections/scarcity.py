"""What to answer when the machine has run out of something: disk, memory, descriptors. It is nobody's fault here."""

from __future__ import annotations

import errno

from groq_core.errors import RequestError

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
SHUT = frozenset({errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR})
SHORT = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN})

SQLITE_FULL, SQLITE_READONLY = 13, 8

RETRY_DISK_S = 60.0
RETRY_S = 5.0


def scarcity(error: BaseException) -> RequestError | None:
    """
    The answer to an error that says the machine has run out of something; None for any other error.

    >>> scarcity(OSError(errno.ENOSPC, "no space")).status, scarcity(MemoryError()).status, scarcity(OSError())
    (507, 503, None)
    """
    if isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and "start new thread" in str(error)):
        return short("memory")
    # SQLAlchemy puts the driver's error inside its own.
    driver = getattr(error, "orig", None)
    sqlite = getattr(driver, "sqlite_errorcode", 0) & 0xFF
    number = error.errno if isinstance(error, OSError) else None
    if number in FULL or sqlite == SQLITE_FULL:
        return disk_full()
    if (number in SHUT and not isinstance(error, ConnectionError)) or sqlite == SQLITE_READONLY:
        return no_storage()
    return short("files and connections") if number in SHORT else None


def disk_full() -> RequestError:
    return RequestError(
        "the server's disk is full",
        status=507,
        code="disk_full",
        hint="Tell whoever runs it, and try again later.",
        retry_after=RETRY_DISK_S,
    )


def no_storage() -> RequestError:
    return RequestError(
        "the server cannot keep files now",
        status=503,
        code="no_storage",
        hint="Tell whoever runs it: GROQ_CORE_STATE_DIR must be a folder that can be written.",
        retry_after=RETRY_DISK_S,
    )


def short(of: str) -> RequestError:
    return RequestError(
        f"the server is short of {of}",
        status=503,
        code="short_of_resources",
        hint="Try again in a moment, or send less at a time.",
        retry_after=RETRY_S,
    )
