"""What lasts: people, their API keys, what they spent and their conversations, in a database of the operator's."""
