"""Target `https`: a Managed HSM, or what claims to be one, over HTTPS.

Safe on a paid HSM: only names under a prefix of the run are touched, a budget is kept, and what was
made is deleted and purged.
"""
