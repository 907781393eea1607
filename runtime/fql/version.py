"""The version of this release: of the package, of plans, and of requests."""

VERSION = "0.1.0"
