"""A translation into English."""

import sys

from groq import Groq

with open(sys.argv[2], "rb") as file:
    translation = Groq().audio.translations.create(file=("speech.wav", file.read()), model="whisper-large-v3")
print(len(translation.text) > 0)
