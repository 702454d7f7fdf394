"""The service of groups: its values, its actions, and what surrounds every action."""
