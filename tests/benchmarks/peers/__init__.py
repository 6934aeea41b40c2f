"""What others would run instead, and where it comes from."""
