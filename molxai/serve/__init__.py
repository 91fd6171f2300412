"""The workbench: explanations in a browser and as a JSON API, on this machine.

Request → guard → routes → rows of input → quick or long queue → rows of JSON → answer, or a job
that is asked for again.
"""
