"""Replies as speech: an engine of this machine says them, no text leaves it."""
