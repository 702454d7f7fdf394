"""Where the directory and the group service meet: rules that link groups of one to projects of the other (M1 to M9)."""
