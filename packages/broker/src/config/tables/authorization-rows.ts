/** The keys of `authorization` and `dynamicSecurity`. */
import type {
  AuthorizationConfiguration,
  DynamicSecurityConfiguration,
  RuleAction,
  RuleConfiguration,
  RuleSubjectConfiguration,
} from '../access-configuration.ts';
import type { Row, Table } from '../row.ts';

const ACTION_ROW: Readonly<Row<RuleAction>> = {
  kind: 'choice',
  choices: ['publish', 'subscribe', 'receive', 'unsubscribe'],
  text: 'something that a client does',
};

const SUBJECT_ROWS: Readonly<Table<RuleSubjectConfiguration>> = {
  users: { kind: 'list', of: { kind: 'text', text: 'a user name' }, default: null, text: 'user names' },
  groups: {
    kind: 'list',
    of: { kind: 'text', text: 'a group' },
    default: null,
    text: 'groups that the user is in',
  },
  clientIds: {
    kind: 'list',
    of: { kind: 'text', text: 'a client identifier, in which `*` stands for anything' },
    default: null,
    text: 'client identifiers, in which `*` stands for anything',
  },
  addresses: {
    kind: 'list',
    of: { kind: 'text', form: 'address-block', text: 'an address, or a block such as `10.0.0.0/8`' },
    default: null,
    text: 'addresses, or blocks of them',
  },
  certificates: {
    kind: 'list',
    of: { kind: 'text', text: 'a name in the client certificate' },
    default: null,
    text: 'the CN of the client certificate, or one of its alternative names such as `dns:pump.example.org`',
  },
  listeners: {
    kind: 'list',
    of: { kind: 'text', text: 'the name of a listener' },
    default: null,
    text: 'listeners by name',
  },
  anonymous: {
    kind: 'switch',
    default: null,
    text: 'clients without a user name (`true`), or with one (`false`)',
  },
};

const RULE_ROWS: Readonly<Table<RuleConfiguration>> = {
  allow: {
    kind: 'list',
    of: ACTION_ROW,
    default: null,
    minimumEntries: 1,
    text: 'what is allowed; or `deny`',
  },
  deny: {
    kind: 'list',
    of: ACTION_ROW,
    default: null,
    minimumEntries: 1,
    text: 'what is denied; or `allow`',
  },
  topics: {
    kind: 'list',
    of: { kind: 'text', form: 'topic-filter', text: 'a topic filter' },
    minimumEntries: 1,
    text: 'topic filters, in which `%c` stands for the client identifier and `%u` for the user name',
  },
  who: { kind: 'section', keys: SUBJECT_ROWS, text: 'whom the rule is about; without it everyone' },
  qos: {
    kind: 'choice',
    choices: [0, 1, 2],
    default: null,
    text: 'with `allow`, the highest QoS that is allowed: of messages that are published, and of subscriptions, which are granted with no more',
  },
  retain: {
    kind: 'switch',
    default: null,
    text: 'of messages that are published, the rule is about retained ones only (`true`), or about others only (`false`)',
  },
};

export const AUTHORIZATION_ROWS: Readonly<Table<AuthorizationConfiguration>> = {
  default: {
    kind: 'choice',
    choices: ['allow', 'deny'],
    default: 'allow',
    defaultText: '`allow` if there are no methods and no rules, else `deny`',
    text: 'what holds when no method has an answer',
  },
  methods: {
    kind: 'list',
    entryKey: 'type',
    of: {
      kind: 'variants',
      text: 'a method of authorisation',
      variants: {
        aclFile: {
          text: "Mosquitto's `acl_file`",
          keys: {
            file: { kind: 'path', text: 'the file' },
            denySubscribe: {
              kind: 'switch',
              default: true,
              text: 'whether a subscription that could never get a message is refused; `false`: granted, as Mosquitto does',
            },
          },
        },
        rules: { text: '`rules`, at this place of the order', keys: {} },
        dynamicSecurity: { text: 'the roles of `dynamicSecurity`', keys: {} },
        token: { text: 'what the token of the client permits (`type: jwt`)', keys: {} },
      },
    },
    default: [],
    defaultText: '`rules` if there are rules, else none',
    text: 'who decides what a client may do, asked in this order; the first definite answer counts',
  },
  groups: {
    kind: 'map',
    names: 'group',
    of: { kind: 'list', of: { kind: 'text', text: 'a user name' }, text: 'its users' },
    default: {},
    text: 'groups of users, by name; those that an authenticator gives come on top',
  },
  rules: {
    kind: 'list',
    of: { kind: 'section', keys: RULE_ROWS, text: 'a rule' },
    default: [],
    maximumEntries: 100_000,
    text: 'what is allowed and denied (see docs/guides/rights.md)',
  },
};

export const DYNAMIC_SECURITY_ROWS: Readonly<Table<DynamicSecurityConfiguration>> = {
  file: { kind: 'path', text: "the JSON file of Mosquitto's plugin; it is made if it is not there" },
  initialPasswordFile: {
    kind: 'path',
    default: null,
    text: 'a file whose first line becomes the password of `admin` when the JSON file is made',
  },
};
