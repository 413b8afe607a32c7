"""The vendors whose accounts can be reconciled; each is one package that fills the ports of `core/ports.py`."""
