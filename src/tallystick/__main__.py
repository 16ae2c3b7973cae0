"""`python -m tallystick`."""

from tallystick.cli import process

process()
