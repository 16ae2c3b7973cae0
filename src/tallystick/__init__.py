"""tallystick: every cent of your Claude bill, matched to who used it."""
