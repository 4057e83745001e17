"""What stands between a request and a provider, one thing a module."""
