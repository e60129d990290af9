/** The topics that are the broker's own: `$SYS/` tells about it, and by `$CONTROL/` it is told what to do. */

/** Only the broker publishes here. */
export function isSys(topicName: string): boolean {
  return topicName.startsWith('$SYS/');
}

/** What is published here goes to the broker's own handler, and to no subscriber. */
export function isControl(topicName: string): boolean {
  return topicName.startsWith('$CONTROL/');
}
