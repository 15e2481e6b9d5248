"""
Master-Ops: the operations platform that a group of small businesses runs on.
"""

__version__ = "0.1.0"
