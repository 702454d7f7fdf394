"""What the service stores and how it asks for it. Rows stay in here; repositories flush and never commit."""
