"""
Credentials that are an OAuth app: access tokens that are refreshed, by one process for all.
"""

from masterops.transport.oauth.app import OAuthApp
from masterops.transport.oauth.grant import Grant, Grants
from masterops.transport.oauth.store import Alone, TokenStore

__all__ = ["Alone", "Grant", "Grants", "OAuthApp", "TokenStore"]
