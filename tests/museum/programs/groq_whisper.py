"""A transcript by Distil-Whisper, with its segments."""

import sys

from groq import Groq

with open(sys.argv[2], "rb") as file:
    transcription = Groq().audio.transcriptions.create(
        file=("speech.wav", file.read()),
        model="distil-whisper-large-v3-en",
        response_format="verbose_json",
        language="en",
        temperature=0.0,
    )
print(len(transcription.text) > 0, len(transcription.segments) > 0)
