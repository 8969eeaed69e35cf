"""The executable specification of Azure Key Vault Managed HSM."""
