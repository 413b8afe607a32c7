"""A state in PostgreSQL. To be read in this order: `tables`, the `sessions` that speak to them, `storage`."""
