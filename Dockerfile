# What a work pool of containers runs: the program, its libraries in the versions of constraints.txt, and a volume.
FROM python:3.11-slim-bookworm

COPY .ci/system /build/.ci/system
RUN /build/.ci/system pango && rm -rf /var/lib/apt/lists/*

COPY pyproject.toml constraints.txt README.md LICENSE MANIFEST.in /build/
COPY src /build/src
COPY conf /build/conf
COPY flows /build/flows
COPY tasks /build/tasks
COPY templates /build/templates
RUN pip install --no-cache-dir -c /build/constraints.txt '/build[ray]' && rm -rf /build

# A run opens what lies in the volume, whatever its parameters say.
RUN useradd --create-home exhibit && install --directory --owner=exhibit /reports
USER exhibit
ENV EXHIBIT_TRUSTED_FOLDERS=/reports
VOLUME /reports
WORKDIR /reports
CMD ["exhibit", "--help"]
