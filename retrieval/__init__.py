"""Question → passages: Vietnamese text, chunks, encoder, indexes, ranking, evaluation.

Imports only `knowledge`.
"""
