"""Views: the pages that show an answer inside the chat."""
