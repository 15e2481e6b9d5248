"""
The twin of Unleashed.
"""
