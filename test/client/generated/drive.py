"""Drives a relay with the client that openapi-python-client makes of docs/openapi.json. Prints what it saw as JSON."""

import json
import sys
import time

from martlet_client import Client
from martlet_client.api.history import explain
from martlet_client.api.people import read_user, replace_user
from martlet_client.api.pushes import push
from martlet_client.models import Notification, PersonDetails, PushRequest

client = Client(base_url=sys.argv[1])

body = PushRequest(
    notifications=[
        Notification(platform="android", tokens=["a-good-token", "sandbox-unregistered-1"], title="Hello", message="from Python"),
    ]
)
answer = push.sync(client=client, body=body)
dead = [entry.token for entry in answer.logs if entry.invalid_token is True]

status = None
for _ in range(600):
    status = str(explain.sync(answer.request_id, client=client).pushes[0].status)
    if status not in ("queued", "retrying"):
        break
    time.sleep(0.1)

replace_user.sync("ada", client=client, body=PersonDetails.from_dict({"name": "Ada", "timezone": "Europe/Athens"}))
person = read_user.sync("ada", client=client)
print(json.dumps({"counts": answer.counts, "dead": dead, "status": status, "timezone": person.timezone}))
