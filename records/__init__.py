"""Who asked what, who completed what, where: models, migrations, units of work, counts.

Imports no other room. Functions take a `Session` first and neither open, commit nor close it.
"""
