"""A state in an object store. To be read in this order: whose cloud (`clouds`), its calls (`buckets`), `storage`."""
