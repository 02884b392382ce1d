"""How the property tests run."""

from hypothesis import HealthCheck, settings

# No deadline a case: on a shared machine it measures the neighbours.
settings.register_profile("rdp", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("rdp")
