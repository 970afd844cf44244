"""The steps of a report: data, models, methods, checks, drawings and the document."""
