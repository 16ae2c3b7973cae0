"""The outlook: what is to come, judged by what was: forecasts, budgets."""
