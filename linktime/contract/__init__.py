"""The contract: LinkTime's REST API as far as it is known, and the evidence for each part of it.

`openapi.json` is the one place of every guess. The REST client and the sandbox take the service's spelling from it.
"""

from .operations import Contract, Evidence, Operation

__all__ = ["Contract", "Evidence", "Operation"]
