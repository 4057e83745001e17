"""Recordings: recognised, decoded, cut, joined, and judged."""
