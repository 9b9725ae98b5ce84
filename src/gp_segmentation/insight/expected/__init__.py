"""Patients expected on a practice's registers by its age, sex and deprivation, beside those recorded."""
