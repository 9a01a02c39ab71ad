from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('integrations', '0008_find_runs'),
    ]

    operations = [
        migrations.AddField(
            model_name='draft',
            name='form',
            field=models.CharField(blank=True, default='', max_length=80),
        ),
    ]
