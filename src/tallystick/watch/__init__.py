"""Watch: rules that look at answers of the catalog, findings with a life, and notifications of them."""
