"""The REST client: its connections, its proxy, and the headers and error bodies that it reads."""
