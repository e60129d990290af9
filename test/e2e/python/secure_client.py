"""Connects with TLS, over TCP or WebSocket, with or without a certificate of its own, and gets back what it publishes."""

import sys

import paho.mqtt.client as mqtt

host, port, transport, ca, certificate, key = sys.argv[1:7]


def on_connect(client, userdata, flags, rc):
    print(f"Connected with result code {rc}")
    client.subscribe("secure/python")


def on_subscribe(client, userdata, mid, granted_qos):
    client.publish("secure/python", "hello", qos=1)


def on_message(client, userdata, message):
    print(f"Received {message.payload.decode()}")
    client.disconnect()


client = mqtt.Client(transport=transport)
if transport == "websockets":
    client.ws_set_options(path="/mqtt")
client.tls_set(ca_certs=ca, certfile=certificate or None, keyfile=key or None)
client.on_connect = on_connect
client.on_subscribe = on_subscribe
client.on_message = on_message
client.connect(host, int(port))
client.loop_forever()
