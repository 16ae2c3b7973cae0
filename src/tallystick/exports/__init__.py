"""Exports: every row of a table, or a month as FOCUS, as a stream of record batches."""

TABLES = ("charges", "usage", "cost")
"""What can be exported row by row."""
ENGINES = ("duckdb", "clickhouse", "spark")
"""Engines that the views are written for."""
