"""Tests of what a model is given: tools, resources and prompts, by the official client."""
