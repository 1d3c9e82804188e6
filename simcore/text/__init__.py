"""Words, tables and progress: how things are said, whatever they are about."""
