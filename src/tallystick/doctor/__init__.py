"""The doctor: whether the ledger lies on the disk as it was written, and how what is damaged is mended in place."""
