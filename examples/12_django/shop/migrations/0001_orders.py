from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    operations = [  # noqa: RUF012 - as Django declares it
        migrations.CreateModel(
            "Order",
            [
                ("id", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("total", models.DecimalField(max_digits=10, decimal_places=2)),
            ],
            options={"db_table": "orders"},
        )
    ]
