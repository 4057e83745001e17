"""Talking with the page in a real browser, with a microphone that plays a recording."""
