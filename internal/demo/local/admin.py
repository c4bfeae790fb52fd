"""Give Airflow 2 an administrator with the password that stands in a file.

    admin.py SECRETS_FILE

A command line would show the password to everyone on the machine, and `airflow users` takes it from nowhere else.
"""

import json
import sys

try:
    from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder
except ImportError:  # before Airflow 2.9 it was part of the core
    from airflow.utils.cli_app_builder import get_application_builder


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        password = json.load(file)["password"]
    with get_application_builder() as builder:
        security = builder.sm
        user = security.find_user("admin")
        if user is None:
            created = security.add_user("admin", "Local", "Admin", "admin@example.invalid", security.find_role("Admin"), password)
            sys.exit(0 if created else "the user could not be created")
        security.reset_password(user.id, password)


main()
