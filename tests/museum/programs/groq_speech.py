"""A text spoken by PlayAI's voice."""

import tempfile
from pathlib import Path

from groq import Groq

path = Path(tempfile.mkdtemp()) / "speech.wav"
response = Groq().audio.speech.create(
    model="playai-tts", voice="Fritz-PlayAI", input="I love building things.", response_format="wav"
)
response.write_to_file(path)
print(path.read_bytes()[:4])
