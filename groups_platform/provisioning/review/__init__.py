"""Access review (M8) and certification (M9): who holds what that nobody active owns, and what is decided of it."""
