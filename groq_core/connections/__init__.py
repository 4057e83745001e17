"""The connections of this server: how large a head, how slow a body, how many at once."""
