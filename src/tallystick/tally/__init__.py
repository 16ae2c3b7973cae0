"""The tally: used against billed, line by line, to the last picodollar."""
