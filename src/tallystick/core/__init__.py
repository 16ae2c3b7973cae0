"""The core: pure values and rules. No clock, no disk, no network, no environment."""
