"""A declarative config-as-code reconciler for FreshBooks clients and their contacts."""

__version__ = "0.1.0"
