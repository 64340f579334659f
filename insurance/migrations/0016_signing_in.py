from django.db import migrations, models


class Migration(migrations.Migration):
    """The day's sign_no of each insurer: a table of a few rows."""

    dependencies = [("insurance", "0015_indexes_of_several_insurers")]
    operations = [
        migrations.AddField("insurer", "sign_no", models.CharField(max_length=30, db_default="", editable=False)),
        migrations.AddField("insurer", "signed_in_on", models.DateField(null=True, editable=False)),
        migrations.AddField("insurer", "signing_in_until", models.DateTimeField(null=True, editable=False)),
    ]
