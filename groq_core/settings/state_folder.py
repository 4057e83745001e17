"""Whether what is to last can be written into the state folder."""

from __future__ import annotations

import os
from pathlib import Path


def state_folder_fault(folder: Path) -> str | None:
    """Why files and batches cannot be kept there, with the mend; None where they can, as far as can be told."""
    try:
        there = next(one for one in (folder, *folder.absolute().parents) if one.exists())
        writable = there.is_dir() and os.access(there, os.W_OK | os.X_OK)
    except OSError:
        writable = False
    if writable:
        return None
    return (
        f"{folder} cannot be written, so files, batches and the Batch tab's tables are refused. "
        "Set GROQ_CORE_STATE_DIR to a folder that can be"
    )
