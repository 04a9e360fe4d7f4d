from django.db import migrations, models

import blogs.addresses


class Migration(migrations.Migration):
    """The index of the constraint on site and slug is enough. Old code needs no more either; it takes no time."""

    dependencies = [
        ("blogs", "0002_moments_of_placements"),
    ]

    operations = [
        migrations.AlterField(
            model_name="placement",
            name="slug",
            field=models.SlugField(
                blank=True,
                db_index=False,
                help_text="Left empty: from the title.",
                max_length=200,
                validators=[blogs.addresses.validate_slug_is_free],
            ),
        ),
    ]
