"""Models: anything that answers a request."""
