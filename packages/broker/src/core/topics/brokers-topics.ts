/** The topics that are the broker's own: `$SYS/` tells about it, and by `$CONTROL/` it is told what to do. */

/** Where a bridge says whether it is connected, also by its will, as it does to Mosquitto. */
const BRIDGE_STATE: Readonly<RegExp> = /^\$SYS\/broker\/connection\/[^/]+\/state$/;

/** Only the broker publishes here. */
export function isSys(topicName: string): boolean {
  return topicName.startsWith('$SYS/') && !BRIDGE_STATE.test(topicName);
}

/** What is published here goes to the broker's own handler, and to no subscriber. */
export function isControl(topicName: string): boolean {
  return topicName.startsWith('$CONTROL/');
}
