"""What a folder needs to begin with: the texts of its files. Pure: it looks at nothing and writes nothing.

In reading order: `texts` (the configuration, the settings, what git and VS Code are told), `pipelines` (what CI runs).
"""
