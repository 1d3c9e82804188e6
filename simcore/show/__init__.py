"""What people look at: the terminal, pictures, calendar files, the explorer."""
