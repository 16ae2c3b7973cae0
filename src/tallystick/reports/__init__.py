"""Reports: one file, one question. The catalog lists them."""
