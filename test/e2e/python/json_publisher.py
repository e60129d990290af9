# Publishes a dictionary dumped to JSON, over and over, as the program that counts people in a video does.
# usage: json_publisher.py HOST PORT MESSAGES
import json
import sys

import paho.mqtt.client as mqtt

client = mqtt.Client()
client.connect(sys.argv[1], int(sys.argv[2]), 60)
client.loop_start()
for count in range(int(sys.argv[3])):
    info = client.publish("person", json.dumps({"count": count, "place": "Küche"}), qos=1)
    info.wait_for_publish()
client.loop_stop()
client.disconnect()
