"""The same projections in chunks, for what is too big for one piece of memory: a module, and an extra, each."""
