"""What the data are, beside what a model makes of them."""
