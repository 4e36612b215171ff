"""The only package that imports OR-tools."""
