"""Dollars per million logs, from counted calls."""
