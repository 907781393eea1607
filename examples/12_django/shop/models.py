"""Rows of the shop."""

from django.db import models


class Order(models.Model):
    """A customer's order. Capture sees each new one, whoever writes it."""

    id = models.CharField(max_length=40, primary_key=True)
    total = models.DecimalField(max_digits=10, decimal_places=2)

    class Meta:
        db_table = "orders"

    def __str__(self) -> str:
        return str(self.id)
