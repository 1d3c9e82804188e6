"""The same projections in chunks, for data that does not fit in memory; each module is an extra of its own."""
