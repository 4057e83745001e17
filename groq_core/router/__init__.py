"""Which targets could answer a request, in which order, and why."""
