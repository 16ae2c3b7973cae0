"""From the API to the ledger: what to read, how to read the whole cube, and what to keep of it."""
