"""What a provider allows: its headers, its plans, buckets that mirror its limits, and what a request will take."""
