# Prints the sum of what it is told in JSON, once it has had so many messages.
# usage: json_subscriber.py HOST PORT MESSAGES
import json
import sys

import paho.mqtt.client as mqtt

counts = []


def on_message(client, userdata, message):
    received = json.loads(message.payload)
    counts.append(received["count"])
    if len(counts) == int(sys.argv[3]):
        print(f"{received['place']}: {counts}")
        client.disconnect()


client = mqtt.Client()
client.on_message = on_message
client.connect(sys.argv[1], int(sys.argv[2]), 60)
client.subscribe("person", qos=1)
client.loop_forever()
