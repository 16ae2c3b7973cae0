"""A ledger in an object store: copies of it on this machine, a lease among writers, one head that names each state."""
