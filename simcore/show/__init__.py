"""For people to look at: the terminal, pictures, calendar files, the explorer."""
