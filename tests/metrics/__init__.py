"""Tests of metrics: the snapshot, its texts, the push, and what monitors by them."""
