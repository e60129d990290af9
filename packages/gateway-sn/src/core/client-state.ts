/** The states of figure 4; a client that is lost is none any more. */
export type ClientState = 'connecting' | 'active' | 'asleep' | 'awake' | 'disconnected';
