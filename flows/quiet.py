"""What keeps the libraries quiet, from asking the network, and from loading what nothing here asks."""

import sys

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

# With it jsonschema, which Prefect imports, would check web addresses in other scripts. It compiles a grammar when it
# is imported, which takes longer than all of Prefect, and is installed with Jupyter, so it is there for most people.
_GRAMMAR = "rfc3987_syntax"


def without_grammar() -> None:
    """Lets jsonschema find no such module: no parameter of a flow is such an address. For a process of our own."""
    sys.modules.setdefault(_GRAMMAR, None)  # type: ignore[arg-type] # that this stands for one that is not there
