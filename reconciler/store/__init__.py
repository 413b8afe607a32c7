"""Where the state is kept: a file with its journal, its lock, and the records of runs; not what they mean."""
