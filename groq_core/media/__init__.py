"""Pictures and recordings, turned into what the wire wants: pure functions from bytes to bytes."""
