"""From a provider's bytes to events."""
