"""What keeps the libraries quiet, and from asking the network."""

# Read when the frameworks are imported, so it is set before. What the user has set already wins; what changes numbers
# is not asked, and set in exhibit.tasks.models.
QUIET = {
    "DO_NOT_TRACK": "1",
    "OMP_WAIT_POLICY": "passive",
    "PREFECT_LOGGING_INTERNAL_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",  # on a busy machine its own 20 s are not enough
    "PREFECT_SERVER_LOGGING_LEVEL": "CRITICAL",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}
