"""Anthropic's Admin API: one request, its pages, its records. Knows nothing of the ledger."""
