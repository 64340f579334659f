"""How full the broker's queues are."""

from typing import Any

from celery import current_app

from tasks import queues


def room_for(task: str, most: int) -> int:
    """How many more turns of `task` the broker may hold, if it is to hold no more than `most`."""
    return max(most - depth(queues.ROUTES[task]["queue"]), 0)


def depth(name: str) -> int:
    """Messages ready in a queue."""
    with current_app.connection_for_read() as connection, connection.channel() as channel:
        told: Any = current_app.amqp.queues[name].bind(channel).queue_declare()
        return int(told.message_count)
