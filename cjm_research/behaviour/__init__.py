"""The room `behaviour`."""
