"""Time and nothing else: instants, zones, delays, gates, periods."""
