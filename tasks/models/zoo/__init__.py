"""The small nets of the studies."""
