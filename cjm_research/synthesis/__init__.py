"""The room `synthesis`."""
