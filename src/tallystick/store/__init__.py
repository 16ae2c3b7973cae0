"""The ledger: pages kept verbatim, tables made of them, and queries over one committed version."""
