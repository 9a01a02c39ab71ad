"""Have PostgreSQL itself keep the rows of tenants apart."""

from django.db import migrations

from tenants.row_security import Protect


class Migration(migrations.Migration):
    dependencies = [("integrations", "0001_initial"), ("tenants", "0004_row_level_security")]
    operations = [
        Protect(
            "tenantkey",
            "credential",
            "dataset",
            "datasetversion",
            "runinput",
            "deployment",
            "integration",
            "integrationinput",
            "run",
        )
    ]
