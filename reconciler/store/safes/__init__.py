"""Where logins are kept: the system's keyring, a private file, or sealed in shared storage."""
