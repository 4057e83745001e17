"""What a provider allows: its headers, its plans, the buckets that mirror its limits, and what a request will take of them."""
