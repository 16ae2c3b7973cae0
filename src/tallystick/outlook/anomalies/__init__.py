"""Anomalies: spend that stands out, one finding for each cause, and what explains it."""
