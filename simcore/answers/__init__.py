"""Answers: what happened, as frames and sentences."""
