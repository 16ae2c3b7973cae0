"""A fault matrix by another hand: every endpoint, every fault, and what the commands then say."""
