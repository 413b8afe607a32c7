"""Plans, outcomes and diagnostics as text and JSON. Pure: nothing here prints, asks or reads."""
