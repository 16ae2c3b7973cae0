"""What every question needs once: filters, grouping, coverage, names, and the warnings beside its figures."""
