"""Many what-if scenarios: as data, shared out, written down as they come, and told together."""
