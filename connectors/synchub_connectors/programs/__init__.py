"""What connectors have in common that run a program of others and read the lines it prints. No connector itself."""
