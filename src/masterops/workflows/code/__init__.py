"""Workflows as code."""
