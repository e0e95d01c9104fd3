"""The room `figures`."""
