# Publishes one temperature and ends at once: it neither waits for CONNACK nor says goodbye.
# usage: temperature_publisher.py HOST PORT CLIENT_ID TEMPERATURE
import sys

import paho.mqtt.client as mqtt

client = mqtt.Client(sys.argv[3])
client.connect(sys.argv[1], int(sys.argv[2]))
client.publish("home/livingroom/temperature", sys.argv[4])
