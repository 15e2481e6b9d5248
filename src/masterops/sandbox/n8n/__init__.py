"""
The twin of n8n's public API (2.41), with a server of each business.
"""
