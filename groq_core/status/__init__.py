"""How everything is doing at one moment, and who is told when it changes."""
