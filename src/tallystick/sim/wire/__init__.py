"""The wire: queries, credentials, answers, and everything that can go wrong on the way."""
