"""Deliveries: reports that are sent once the days of a period are complete."""
