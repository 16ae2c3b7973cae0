from support.full_ledger import copy, full, path, truth

__all__ = ["copy", "full", "path", "truth"]
