"""What a file probably is, one module a kind of source; `recognition` asks them in turn."""
