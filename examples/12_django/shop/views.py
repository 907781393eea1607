"""`POST /orders`."""

import json

from django.db import connection, transaction
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from fql.outbox import emit
from shop.models import Order


@csrf_exempt
def place(request: HttpRequest) -> JsonResponse:
    """The order, and an event that has no row of its own: both are committed, or neither. A
    repeated call changes nothing."""
    given = json.loads(request.body)
    with transaction.atomic():
        order, made = Order.objects.get_or_create(
            id=given["id"], defaults={"total": given["total"]}
        )
        if made:
            emit(connection, "Thanks.insert", new={"order_id": order.id}, key=f"thanks {order.id}")
    return JsonResponse({"order": order.id}, status=201)


urlpatterns = [path("orders", place)]
