"""The month: what each team is charged, its statement, and the close."""
