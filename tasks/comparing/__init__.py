"""Points beside each other, and a report beside an earlier one: what differs, and what survives."""
