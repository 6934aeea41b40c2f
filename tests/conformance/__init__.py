"""The official conformance suite against this project's session and stdio.

The suite asks for tools, prompts and resources by name, over HTTP. `fixtures.py` has them, `server.py` serves them on
stdin and stdout, and `bridge.py` translates from HTTP. `test_conformance.py` runs the suite.
"""
