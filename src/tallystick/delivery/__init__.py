"""Delivery: reports that go to a channel or a folder once the days of a period are complete."""
