"""Have the database refuse to change or delete audit events."""

from django.db import migrations

from tenants import append_only


def create(apps, schema_editor):
    for statement in append_only.CREATE[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def drop(apps, schema_editor):
    for statement in append_only.DROP[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("tenants", "0001_initial")]
    operations = [migrations.RunPython(create, drop)]
