"""What proves a report: the evidence, its schemas, the tables that go with it, and the seal of a run."""
