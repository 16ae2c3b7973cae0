"""MCP: the ledger's questions as tools for a model, by the Model Context Protocol; they read, and nothing else."""
