"""What the service reaches besides its database: configuration, live statistics, storage."""
