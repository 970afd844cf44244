"""Results become a document: composed, rendered, with its evidence."""
