"""`/v1/responses`: the Responses API on the same chain; its items in, its items and events out, kept for an hour."""
