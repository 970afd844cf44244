"""What would have to be another for another outcome."""
