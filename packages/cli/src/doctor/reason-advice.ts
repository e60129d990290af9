/** What to do about a refusal, by its reason code, in plain words. */

/** @param reasonCode of CONNACK or DISCONNECT, in the terms of MQTT 5.0 */
export function connectAdvice(reasonCode: number, hasUser: boolean): string {
  switch (reasonCode) {
    case 0x84:
      return 'The server is older. Try -V 311.';
    case 0x85:
      return 'The server does not like the client identifier. Give another one with -i; some servers want it to be short, or to be known to them.';
    case 0x86:
      return 'User and password are not right together. Passwords are often kept by the server as a hash; has the file been read again since it was changed?';
    case 0x87:
      return hasUser
        ? 'The server knows no such user with this password, or does not let this one connect. Has its password file been read again since it was changed?'
        : 'The server wants a user and a password (-u, --password-prompt). Mosquitto 2 does, unless its configuration says allow_anonymous true.';
    case 0x88:
    case 0x89:
      return 'The server is there, but has too much to do, or is only starting. Try again later; it may have reached its limit of connections.';
    case 0x8a:
      return 'The server has banned this client, its user or its address.';
    case 0x8c:
      return 'The server does not know this way to authenticate, or wants one that was not offered.';
    case 0x95:
      return 'The server takes no packet as large as this CONNECT. Is the will so large?';
    case 0x97:
      return 'A quota is used up: look at the limits of the server, or of the account.';
    case 0x9a:
      return 'The server keeps no retained messages: leave --will-retain out.';
    case 0x9b:
      return 'The server takes no will of this QoS: a lower --will-qos.';
    case 0x9c:
    case 0x9d:
      return 'The server wants this client to use another one, which it may name.';
    case 0x9f:
      return 'Too many connections in too short a time. Look for a client that connects again and again.';
    default:
      return 'The log of the server says more.';
  }
}

/** @param reasonCode of SUBACK, PUBACK or PUBREC */
export function rightsAdvice(reasonCode: number): string {
  switch (reasonCode) {
    case 0x80:
    case 0x87:
      return 'This user may not do that there. Rights are given by topic: look at the access control list of the server, or try a topic that this user may use with -t.';
    case 0x8f:
    case 0x90:
      return 'The server does not take this topic.';
    case 0x97:
      return 'A quota is used up: look at the limits of the server, and at its disk.';
    default:
      return 'The log of the server says more.';
  }
}
