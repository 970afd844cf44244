"""The process of a Prefect server for one run: `python -m exhibit.flows.server_process`.

It reads the number of an open socket, a line, on standard input, answers there, and ends when its parent does.
"""

import socket

from exhibit.flows.child import asked
from exhibit.flows.quiet import without_grammar


def main() -> None:
    """The process."""
    line, _ = asked()
    without_grammar()
    import uvicorn
    from prefect.server.api.server import create_app

    config = uvicorn.Config(create_app, factory=True, lifespan="on", log_level="error")
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=int(line))])


if __name__ == "__main__":
    main()
