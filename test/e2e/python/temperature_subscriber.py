# Subscribes without waiting for CONNACK, and reads in a thread, as one does in an interpreter that stays open.
# usage: temperature_subscriber.py HOST PORT
import sys

import paho.mqtt.client as mqtt


def on_message(client, userdata, message):
    print(f"Received message: {message.payload.decode()} on topic {message.topic}")


client = mqtt.Client("subscriber")
client.connect(sys.argv[1], int(sys.argv[2]))
client.subscribe("home/livingroom/temperature")
client.on_message = on_message
client.loop_start()

sys.stdin.read()
client.loop_stop()
client.disconnect()
