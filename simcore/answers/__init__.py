"""What happened becomes frames and sentences."""
