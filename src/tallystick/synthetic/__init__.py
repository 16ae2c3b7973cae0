"""Synthetic ledgers: of any size, written as a sync would leave them, without a page that was read."""
