"""Have PostgreSQL itself keep the rows of tenants apart."""

from django.db import migrations

from tenants.row_security import Protect


class Migration(migrations.Migration):
    dependencies = [("tenants", "0003_preferences")]
    operations = [Protect("member", "apitoken", "invitation", "auditevent")]
