from django.db import migrations, models


class Migration(migrations.Migration):
    """What is scheduled is found by its time. A million placements take a second, in which nobody publishes."""

    dependencies = [
        ("blogs", "0001_initial"),
        ("sites", "0002_alter_domain_unique"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="placement",
            index=models.Index(models.F("published_at"), name="placement_moment"),
        ),
    ]
