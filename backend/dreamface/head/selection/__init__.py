"""Choosing a person: candidates, what scores them, and fitting the best one to what was asked for."""
