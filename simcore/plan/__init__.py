"""What a platform's sequence is translated into, and what a platform is."""
