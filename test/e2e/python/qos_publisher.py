# Publishes one message at each QoS below a topic and waits for all acknowledgements.
# usage: qos_publisher.py HOST PORT TOPIC
import sys

import paho.mqtt.client as mqtt

client = mqtt.Client()
client.connect(sys.argv[1], int(sys.argv[2]), 60)
client.loop_start()
infos = [client.publish(f"{sys.argv[3]}/{qos}", f"paho at {qos}", qos=qos) for qos in (0, 1, 2)]
for info in infos:
    info.wait_for_publish()
client.loop_stop()
client.disconnect()
