"""What is known: content files and the code that loads and checks them.

Imports no other room.
"""
