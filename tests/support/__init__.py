"""What tests of several rooms are made with; its asserts explain themselves as a test's do."""

import pkgutil

import pytest

pytest.register_assert_rewrite(*(f"{__name__}.{module.name}" for module in pkgutil.iter_modules(__path__)))
