"""
What we serve over HTTP. Further rooms (dashboard, status page, webhooks) are pages beside pages.py.
"""

from masterops.web.front import Front
from masterops.web.server import address, bind, make, serving

__all__ = ["Front", "address", "bind", "make", "serving"]
