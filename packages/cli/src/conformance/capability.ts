/** What a server may do without, by the specification. */
export type Capability = 'qos1' | 'qos2' | 'retain' | 'wildcards' | 'shared' | 'identifiers' | 'topicAliases';
