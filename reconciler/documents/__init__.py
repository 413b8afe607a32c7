"""YAML text as data with positions, bounded, and what a JSON Schema has to say of it. No record is known here."""
