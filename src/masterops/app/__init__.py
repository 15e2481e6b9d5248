"""
The composition root: settings in, a running application out. The one place that joins the parts.
"""

from masterops.app.app import App, open_app
from masterops.app.database import Database
from masterops.app.demo import Demo
from masterops.app.public import Ops, SyncOps, open, open_sync
from masterops.app.writing import pipeline_for

__all__ = ["App", "Database", "Demo", "Ops", "SyncOps", "open", "open_app", "open_sync", "pipeline_for"]
