"""The contract: what is known of LinkTime's REST API, with the evidence for each part.

`openapi.json` is the one place of every guess. The REST client and the sandbox take the service's spelling from it.
"""

from .operations import Contract, Evidence, Operation

__all__ = ["Contract", "Evidence", "Operation"]
