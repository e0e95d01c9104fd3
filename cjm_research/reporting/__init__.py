"""Runs and reports: `runs` chains the modules of this door.

Notebooks are executed (`execute`), become chapters (`chapters`), are framed as a site (`site`)
and published whole or not at all (`publish`).
"""
