# Prints messages below a topic, and ends after so many.
# usage: qos_subscriber.py HOST PORT TOPIC MESSAGES
import sys

import paho.mqtt.client as mqtt

received = 0


def on_message(client, userdata, message):
    global received
    print(f"{message.topic} {message.qos} {message.payload.decode()}")
    received += 1
    if received == int(sys.argv[4]):
        client.disconnect()


client = mqtt.Client()
client.on_message = on_message
client.on_subscribe = lambda *_: print("subscribed")
client.connect(sys.argv[1], int(sys.argv[2]), 60)
client.subscribe(f"{sys.argv[3]}/+", qos=2)
client.loop_forever()
