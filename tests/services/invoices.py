"""An invoice, as a text and as what is to be found in it."""

from __future__ import annotations

from pydantic import BaseModel


class Invoice(BaseModel):
    number: str
    total: float
    tags: list[str] = []


TEXT = "Invoice A-7\nTotal  1.234,50 EUR\nurgent, paid"


RIGHT = {"number": "A-7", "total": 1234.5, "tags": ["paid"]}
