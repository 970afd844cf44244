"""The frozen records that travel between stages, by what they are about. Nothing is re-exported."""
