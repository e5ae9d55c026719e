"""What these tests share with others about old months."""

from tests.running.old_months import connection, folder, months

__all__ = ["connection", "folder", "months"]
