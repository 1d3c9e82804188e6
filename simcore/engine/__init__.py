"""Plans and people become what happened, as arrays."""
