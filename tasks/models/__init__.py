"""Models behind one protocol, and how they are trained."""
