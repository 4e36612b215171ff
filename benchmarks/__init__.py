"""Measurements of rigopt itself; README.md says which file answers what."""
