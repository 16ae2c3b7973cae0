"""The difference between billed and priced, line by line, by named cause."""
