"""Metrics: the ledger's figures as gauges, for Prometheus and OpenTelemetry: one list, and what is made from it."""
