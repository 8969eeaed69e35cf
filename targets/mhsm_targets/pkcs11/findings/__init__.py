"""What modules do against their standards, each finding with a reproduction of its own."""
