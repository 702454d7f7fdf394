"""Tells people what happened, once each (P20)."""
