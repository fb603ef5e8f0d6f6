// Profiles that cannot work, with what the report about each must say.

type Expected = readonly [code: string, place: RegExp, found: RegExp, expected: RegExp, hint: RegExp]

export interface Broken {
  readonly title: string
  /** The profile, as data or as text. */
  readonly profile: unknown
  readonly files?: Readonly<Record<string, unknown>>
  readonly set?: readonly string[]
  readonly faults: readonly Expected[]
}

/** A tracker that would listen at a port of this test. */
const trackerAt = (port: number): object[] => [
  { use: 'builtin:host-node' },
  { use: 'builtin:swarm-store-memory' },
  { use: 'builtin:tracker' },
  { use: 'builtin:tracker-http', config: { listen: `127.0.0.1:${port}` } },
]
const toy = (name: string, requires: string, provides: string): string => `
import { definePlugin, token } from 'shoal/plugin'
const gives = token.one('${provides}')
export default definePlugin({
  name: '${name}',
  requires: [${requires === '' ? '' : `token.one('${requires}')`}],
  provides: [gives],
  setup(ctx) { ctx.provide(gives, {}) },
})`

export function brokenProfiles(port: number): readonly Broken[] {
  const tracker = (): object[] => trackerAt(port)
  return [
    {
      title: 'a comma too many',
      profile: '{\n  "plugins": [\n    { "use": "builtin:host-node" },\n  ]\n}\n',
      faults: [['ERR_PROFILE_JSON', /profile\.json:4:3$/, /^"\]/, /no comma after the last item/, /correct/]],
    },
    {
      title: 'a key that stands twice',
      profile: '{ "plugins": [],\n  "plugins": [{ "use": "builtin:host-node" }] }',
      faults: [['ERR_PROFILE_JSON', /profile\.json:2:3$/, /key "plugins" a second time/, /every name once/, /correct/]],
    },
    {
      title: 'a profile to extend that is not there',
      profile: { extends: ['./missing.json'], plugins: tracker() },
      faults: [['ERR_PROFILE_READ', /#\/extends\/0$/, /missing\.json/, /JSON file/, /relative to/]],
    },
    {
      title: 'profiles that extend each other',
      profile: { extends: ['./other.json'], plugins: tracker() },
      files: { 'other.json': { extends: ['./profile.json'] } },
      faults: [
        [
          'ERR_PROFILE_CYCLE',
          /other\.json#\/extends\/0$/,
          /profile\.json -> .*other\.json -> /,
          /not extend/,
          /take one/,
        ],
      ],
    },
    {
      title: 'a key of the profile that is misspelt',
      profile: { plugin: tracker() },
      faults: [['ERR_PROFILE_SHAPE', /#\/plugin$/, /unknown key "plugin"/, /plugins/, /did you mean "plugins"/]],
    },
    {
      title: 'a key of an entry that is misspelt, and one of the wrong kind',
      profile: { plugins: [...tracker(), { use: 'builtin:tracker-udp', confg: {} }, { use: 3 }] },
      faults: [
        ['ERR_PROFILE_SHAPE', /#\/plugins\/4\/confg$/, /unknown key "confg"/, /config/, /did you mean "config"/],
        ['ERR_PROFILE_SHAPE', /#\/plugins\/5\/use$/, /^3$/, /string/, /builtin:NAME, a path/],
      ],
    },
    {
      title: 'a key that would reach for a prototype',
      profile: '{ "plugins": [{ "use": "builtin:host-node", "config": { "__proto__": { "workers": 1 } } }] }',
      faults: [
        ['ERR_PROFILE_KEY', /#\/plugins\/0\/config\/__proto__$/, /__proto__/, /plain names/, /take this key out/],
      ],
    },
    {
      title: 'a variable that is not set',
      profile: { node: { name: '${SHOAL_NO_SUCH_VARIABLE}' }, plugins: tracker() },
      faults: [
        ['ERR_PROFILE_ENV', /#\/node\/name$/, /SHOAL_NO_SUCH_VARIABLE/, /environment variable/, /start with SHOAL_NO/],
      ],
    },
    {
      title: 'a built-in plugin that is misspelt',
      profile: { plugins: [...tracker(), { use: 'builtin:traker-udp' }] },
      faults: [
        ['ERR_PLUGIN_NOT_FOUND', /#\/plugins\/4\/use$/, /traker-udp/, /built-in plugin/, /did you mean "tracker-udp"/],
      ],
    },
    {
      title: 'a path at which there is nothing',
      profile: { plugins: [...tracker(), { use: './absent.js' }] },
      faults: [['ERR_PLUGIN_NOT_FOUND', /#\/plugins\/4\/use$/, /no .*absent\.js/, /module/, /relative to/]],
    },
    {
      title: 'a module that exports no plugin, and one that throws',
      profile: { plugins: [...tracker(), { use: './empty.js' }, { use: './throws.js' }] },
      files: { 'empty.js': 'export const answer = 42', 'throws.js': 'throw new Error("not today")' },
      faults: [
        [
          'ERR_PLUGIN_SHAPE',
          /#\/plugins\/4\/use$/,
          /empty\.js: a default export that is undefined/,
          /default export/,
          /definePlugin/,
        ],
        ['ERR_PLUGIN_IMPORT', /#\/plugins\/5\/use$/, /throws\.js: not today/, /imported/, /failed before/],
      ],
    },
    {
      title: 'a plugin without a setup, and one of another interface',
      profile: { plugins: [...tracker(), { use: './still.js' }, { use: './newer.js' }] },
      files: {
        'still.js': 'export default { name: "still", api: 1, requires: [], optional: [], provides: [] }',
        'newer.js': 'export default { name: "newer", api: 2, setup() {} }',
      },
      faults: [
        ['ERR_PLUGIN_SHAPE', /#\/plugins\/4\/use$/, /no setup/, /setup\(ctx\)/, /definePlugin/],
        ['ERR_PLUGIN_API', /#\/plugins\/5\/use$/, /"api": 2/, /interface 1/, /version/],
      ],
    },
    {
      title: 'a package that is not installed, and a built-in one named like a package',
      profile: { plugins: [...tracker(), { use: 'shoal-selector-absent' }, { use: 'tracker-udp' }] },
      faults: [
        [
          'ERR_PLUGIN_NOT_FOUND',
          /#\/plugins\/4\/use$/,
          /selector-absent/,
          /node_modules/,
          /npm install shoal-selector-absent/,
        ],
        [
          'ERR_PLUGIN_NOT_FOUND',
          /#\/plugins\/5\/use$/,
          /tracker-udp/,
          /node_modules/,
          /did you mean "builtin:tracker-udp"/,
        ],
      ],
    },
    {
      title: 'packages that are no plugin, or one of another interface',
      profile: { plugins: [...tracker(), { use: 'leftpad' }, { use: '@acme/newer' }] },
      files: {
        'node_modules/leftpad/package.json': { name: 'leftpad' },
        'node_modules/@acme/newer/package.json': { name: '@acme/newer', shoal: { plugin: './index.js', api: 2 } },
      },
      faults: [
        ['ERR_PLUGIN_SHAPE', /#\/plugins\/4\/use$/, /leftpad, whose "shoal" field is nothing/, /"api": 1/, /a plugin/],
        ['ERR_PLUGIN_API', /#\/plugins\/5\/use$/, /interface 2/, /interface 1/, /@acme\/newer/],
      ],
    },
    {
      title: 'options that the plugin does not have',
      profile: { plugins: [...tracker(), { use: 'builtin:tracker-udp', config: { lissten: 'x', port: 1 } }] },
      faults: [
        ['ERR_CONFIG_KEY', /#\/plugins\/4\/config\/lissten$/, /"lissten"/, /listen/, /did you mean "listen"/],
        ['ERR_CONFIG_KEY', /#\/plugins\/4\/config\/port$/, /"port"/, /listen/, /./],
      ],
    },
    {
      title: 'options of the wrong kind, each in the file that wrote it',
      profile: { extends: ['./base.json'], plugins: [{ id: 'tracker', config: { intervalSeconds: 'soon' } }] },
      files: {
        'base.json': { plugins: [...tracker().slice(1), { use: 'builtin:host-node', config: { workers: -1 } }] },
      },
      faults: [
        [
          'ERR_CONFIG_VALUE',
          /profile\.json#\/plugins\/0\/config\/intervalSeconds$/,
          /^"soon"$/,
          /number/,
          /default 1800/,
        ],
        ['ERR_CONFIG_VALUE', /base\.json#\/plugins\/3\/config\/workers$/, /^-1$/, /0/, /workers/],
      ],
    },
    {
      title: 'a place to listen that is none',
      profile: { plugins: [...tracker(), { use: 'builtin:tracker-udp', config: { listen: '6969' } }] },
      faults: [['ERR_CONFIG_VALUE', /#\/plugins\/4\/config\/listen/, /6969/, /HOST:PORT/i, /listen/]],
    },
    {
      title: 'one of a list that is not what the list is of',
      profile: {
        plugins: [
          ...tracker(),
          { id: 'second', use: 'builtin:tracker-http', config: { trustedProxies: ['10.0.0.1', '10.0.0.0/99'] } },
        ],
      },
      faults: [['ERR_CONFIG_VALUE', /trustedProxies\/1$/, /10\.0\.0\.0\/99/, /a network/, /^"trustedProxies": /]],
    },
    {
      title: 'servers without a tracker or a host',
      profile: { plugins: tracker().slice(3) },
      faults: [
        [
          'ERR_LINK_MISSING',
          /#\/plugins\/0$/,
          /"tracker-http", which requires "tracker"/,
          /provides "tracker"/,
          /builtin:tracker"/,
        ],
        ['ERR_LINK_MISSING', /#\/plugins\/0$/, /requires "http-net"/, /provides "http-net"/, /builtin:host-node"/],
        ['ERR_LINK_MISSING', /#\/plugins\/0$/, /requires "names"/, /provides "names"/, /builtin:host-node"/],
      ],
    },
    {
      title: 'two who provide what there may be one of',
      profile: { plugins: [...tracker(), { id: 'spare', use: 'builtin:swarm-store-memory' }] },
      faults: [
        [
          'ERR_LINK_DUPLICATE',
          /plugins\/1 and .*plugins\/4$/,
          /"swarm-store-memory" and "spare"/,
          /one provider/,
          /"enabled": false/,
        ],
      ],
    },
    {
      title: 'plugins that require each other',
      profile: { plugins: [...tracker(), { use: './hen.js' }, { use: './egg.js' }] },
      files: { 'hen.js': toy('hen', 'egg', 'hen'), 'egg.js': toy('egg', 'hen', 'egg') },
      faults: [
        ['ERR_LINK_CYCLE', /plugins\/5 and .*plugins\/4$/, /hen -\[egg\]-> egg -\[hen\]-> hen/, /circle/, /take one/],
      ],
    },
    {
      title: 'one id twice, and one that is nobody',
      profile: { plugins: [...tracker(), { use: 'builtin:tracker' }, { id: 'traker', config: {} }] },
      faults: [
        ['ERR_PROFILE_ID', /#\/plugins\/4$/, /second entry with the id "tracker"/, /one entry/, /"id"/],
        ['ERR_PROFILE_ID', /#\/plugins\/5$/, /"traker" alone/, /merge with/, /did you mean "tracker"/],
      ],
    },
    {
      title: 'a plugin from a file that names itself like another',
      profile: { plugins: [...tracker(), { use: './double.js' }] },
      files: { 'double.js': toy('tracker', '', 'another') },
      faults: [['ERR_PROFILE_ID', /#\/plugins\/4$/, /id "tracker"/, /one plugin an id/, /"id"/]],
    },
    {
      title: 'overrides of nobody, and without a value',
      profile: { plugins: tracker() },
      set: ['traker.intervalSeconds=60', 'tracker', 'tracker.intervalSecond=60'],
      faults: [
        ['ERR_PROFILE_SET', /^--set tracker$/, /tracker/, /ID\.KEY=VALUE/, /for example/],
        ['ERR_PROFILE_SET', /^--set traker\./, /traker/, /id of a plugin/, /did you mean "tracker"/],
        [
          'ERR_CONFIG_KEY',
          /^--set tracker\.intervalSecond=60#\/intervalSecond$/,
          /intervalSecond/,
          /intervalSeconds/,
          /did you/,
        ],
      ],
    },
  ]
}
