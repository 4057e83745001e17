"""The three who use it, from their first command to what they came for: a newcomer, a Space's visitor, a team."""
