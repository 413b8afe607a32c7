"""A declarative config-as-code reconciler for FreshBooks clients and their contacts."""
