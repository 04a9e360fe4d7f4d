import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("sites", "0002_alter_domain_unique"),
        ("blogs", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="image",
            name="digest",
            field=models.CharField(
                blank=True,
                default="",
                editable=False,
                help_text="SHA-256 of an imported file: it is stored once a site.",
                max_length=64,
            ),
            preserve_default=False,
        ),
        migrations.CreateModel(
            name="ImportedFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("path", models.CharField(help_text="Below the imported folder.", max_length=500)),
                (
                    "digest",
                    models.CharField(
                        help_text="Of what the file came to; the same again means unchanged.", max_length=64
                    ),
                ),
                (
                    "left_as",
                    models.CharField(
                        help_text="Of the post when the import left it; another means edited.", max_length=64
                    ),
                ),
                (
                    "post",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="imported_file", to="blogs.post"
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="imported_files", to="sites.site"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("site", "path"), name="file_imported_once_a_site")],
            },
        ),
    ]
