"""The witness that uses `az keyvault key`, with what the command line client asks beside an HSM."""
