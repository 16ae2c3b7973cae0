"""Web: the dashboard, made from the catalog: it asks and shows, and computes nothing."""
