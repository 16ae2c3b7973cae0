from sync.conftest import copy, full, path, truth

__all__ = ["copy", "full", "path", "truth"]
