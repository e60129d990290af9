/** The version of Mosquitto that Martlet stands in for, where something looks for one. */
export const MOSQUITTO_VERSION = '2.1.2';

/** As Mosquitto says it in its log, its help and `$SYS/broker/version`. */
export const MOSQUITTO_VERSION_TEXT: string = `mosquitto version ${MOSQUITTO_VERSION}`;
