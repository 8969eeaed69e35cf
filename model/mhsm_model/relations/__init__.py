"""What makes an output lawful where many outputs are: signatures, ciphertexts, material."""
