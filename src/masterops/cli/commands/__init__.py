"""
The commands of `ops`, one file each; loaded only when they are called.
"""
