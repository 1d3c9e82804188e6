"""Words, tables and progress: how to show something, independent of what it is."""
