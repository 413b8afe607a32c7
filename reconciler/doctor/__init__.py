"""What is wrong with the surroundings of a run, and what to do about it: pure judgements of what others have seen.

Read `rounds` (which check needs which), then the checks: `local` (program, configuration, disk, files), `access` (from
the token to the account), `records` (lock, state, and the records that it is about).

Nothing here opens, asks or writes anything; `cli/examining.py` does, and never more than to read.
"""
