"""The actions of the group service: one file each, holding the action, its result and its handler."""
