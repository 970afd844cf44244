"""Attribution methods over the model protocol."""
