"""Tests of rules, findings and notifications."""
