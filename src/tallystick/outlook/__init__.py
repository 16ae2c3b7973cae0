"""The outlook: what is to come, judged by what was: the pace to the end of a period, budgets."""
