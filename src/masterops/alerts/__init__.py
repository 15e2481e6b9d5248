"""
Alerts.
"""
