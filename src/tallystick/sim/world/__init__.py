"""The truth: an organization drawn from a seed, and every request that it made."""
