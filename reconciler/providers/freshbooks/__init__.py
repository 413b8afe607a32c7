"""FreshBooks: what its records are (`wire`), how it is spoken to (`api`, `pace`), and the ports filled (`provider`)."""
