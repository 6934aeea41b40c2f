"""Measurements in virtual time, run by hand: minutes of a session pass in a second."""
