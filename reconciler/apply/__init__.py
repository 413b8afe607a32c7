"""Carry out a Plan and nothing else (step 8): `run` shares it out, `steps` do one record, `create` does it once only.

There is no dry-run branch. It sees a `Writer` and a `Ledger`, never an implementation of either.
"""
