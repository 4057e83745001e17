"""
Whether somebody who has stopped speaking has finished: Pipecat's smart-turn model, which listens to how they spoke.

A fixed pause is either too short for people who think in the middle of a sentence or too long for everybody else.
The weights are in `weights/`; a judgement costs about 40 ms of one core.
"""

from __future__ import annotations

import os
import threading
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from groq_core.media.audio.decode import RATE
from groq_core.media.audio.resample import Samples

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

WEIGHTS: Final = Path(__file__).parent / "weights" / "smart-turn-v3.2.onnx"

HEARD_S: Final = 8.0
"""The model looks at so much, the end of what was said."""

_SILENCE_S: Final = 0.1
"""So much silence is heard at the end at least: with less the model takes the gaps between words for ends."""

_MELS: Final = 80
_WINDOW: Final = 400
_HOP: Final = 160
_FLOOR: Final = 1e-10
_RANGE: Final = 8.0
_THREADS: Final = 2
_LOADING: Final = threading.Lock()


def available() -> bool:
    """
    Load the model, and say whether that is possible.

    False where onnxruntime is missing: on Macs it is not installed with us, as the oldest have no wheel.
    """
    return _session() is not None


def chance_of_end(samples: Samples, quiet_s: float = 0.0) -> float | None:
    """
    How likely it is that somebody has finished, from 0 to 1.

    Args:
        samples: What was said, one channel at 16 kHz from -1 to 1; only its last :data:`HEARD_S` count.
        quiet_s: How long it has been quiet at the end of it already.

    Returns:
        None where the model cannot be had.
    """
    session = _session()
    if session is None:
        return None
    missing = max(0.0, _SILENCE_S - quiet_s)
    whole = np.concatenate((samples.astype(np.float32), np.zeros(int(missing * RATE), np.float32)))
    (answer,) = session.run(None, {"input_features": log_mel(whole)[None]})
    return float(np.asarray(answer).item())


def log_mel(samples: Samples) -> npt.NDArray[np.float32]:
    """
    Whisper's picture of the last :data:`HEARD_S`: 80 bands by 800 steps of 10 ms, about -1 to 1.

    What is shorter is preceded by silence. The loudness is made the same for all, as the model was trained.
    """
    wanted = int(HEARD_S * RATE)
    heard = samples[-wanted:]
    missing = wanted - len(heard)
    heard = np.pad(heard, (missing, 0))
    heard = (heard - heard.mean()) / np.sqrt(heard.var() + 1e-7)
    padded = np.pad(heard, _WINDOW // 2, mode="reflect")
    same = max(0, (missing - _WINDOW // 2) // _HOP)  # steps of nothing but silence, before one more of it
    windows = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP][same:-1]
    power = np.abs(np.fft.rfft(windows * _hann(), axis=1)) ** 2
    # Not as a product of matrices: another thread of numpy's would wait for more of them for 50 ms, without resting,
    # and take half of a machine with two cores from the model, which comes next.
    logs = np.log10(np.maximum(_FLOOR, np.einsum("tf,fb->tb", power, _bands()))).T
    logs = np.concatenate((np.repeat(logs[:, :1], same, axis=1), logs), axis=1)
    return np.asarray((np.maximum(logs, logs.max() - _RANGE) + 4) / 4, np.float32)


@cache
def _hann() -> npt.NDArray[np.float64]:
    return np.hanning(_WINDOW + 1)[:-1]


@cache
def _bands() -> npt.NDArray[np.float64]:
    """Triangles on Slaney's scale of pitch, each of the same area: 201 frequencies by 80 bands."""
    edges = _hertz(np.linspace(0, _mel_of(RATE / 2), _MELS + 2))
    at = np.linspace(0, RATE / 2, _WINDOW // 2 + 1)[:, None]
    rising = (at - edges[:-2]) / np.diff(edges)[:-1]
    falling = (edges[2:] - at) / np.diff(edges)[1:]
    return np.maximum(0, np.minimum(rising, falling)) * 2 / (edges[2:] - edges[:-2])


_LINEAR_HZ: Final = 1000.0
_LINEAR_MEL: Final = 15.0
_STEP: Final = np.log(6.4) / 27


def _mel_of(hertz: float) -> float:
    """Slaney's scale: even up to 1000 Hz, by ratio above; only used above."""
    return float(_LINEAR_MEL + np.log(hertz / _LINEAR_HZ) / _STEP)


def _hertz(mels: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.where(mels < _LINEAR_MEL, 200 * mels / 3, _LINEAR_HZ * np.exp(_STEP * (mels - _LINEAR_MEL)))


def _session() -> InferenceSession | None:
    with _LOADING:  # two that ask first at the same time load it once
        return _load()


@cache
def _load() -> InferenceSession | None:
    try:
        from onnxruntime import InferenceSession, SessionOptions
    except ImportError:
        return None
    options = SessionOptions()
    options.intra_op_num_threads = min(_THREADS, os.cpu_count() or 1)
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.disable_quant_qdq", "1")  # unpack what is constant once, not in every run
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # idle threads must not keep a core
    return InferenceSession(WEIGHTS, options, providers=["CPUExecutionProvider"])
