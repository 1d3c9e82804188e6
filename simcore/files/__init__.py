"""Files in and out: CSV, Parquet, JSON, and those that are shipped."""
