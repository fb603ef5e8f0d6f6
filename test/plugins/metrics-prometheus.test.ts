import { expect } from 'chai'
import fc from 'fast-check'
import { silentLogger } from '../../core/base/log.js'
import { Http, MetricSources, NameLookup } from '../../core/contracts/index.js'
import { World } from '../../core/sim/world.js'
import { NodeHttpNet } from '../../plugins/host-node/http-net.js'
import metricsPlugin from '../../plugins/metrics-prometheus/index.js'
import { LoopDelay } from '../../plugins/metrics-prometheus/loop-delay.js'
import { SimHttp } from '../../plugins/sim-host/sim-http.js'
import { SimNames } from '../../plugins/sim-host/sim-names.js'
import { loadPlugin, ManualClock, metricSourceCases, register } from '../conformance/index.js'
import { at } from './endpoint-at.js'
import { parseExposition } from './exposition-text.js'
import { systemClock } from './system-clock.js'
import { directNames, DirectHttp } from './tracker-nets.js'
import type { Clock } from '../../core/base/clock.js'
import type { Logger } from '../../core/base/log.js'
import type { HttpListener, HttpNet, Metric, MetricSource } from '../../core/contracts/index.js'
import type { PluginUnderTest } from '../conformance/index.js'
import type { Sample } from './exposition-text.js'

const TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** A clock that can be late: what is due comes, and then it turns out to be later than that. */
class LateClock implements Clock {
  readonly manual = new ManualClock()
  private behind = 0

  now = (): number => this.manual.now() + this.behind
  epoch = (): number => this.manual.epoch()
  after = (ms: number, run: () => void): ReturnType<Clock['after']> => this.manual.after(ms, run)
  every = (ms: number, run: () => void): ReturnType<Clock['every']> => this.manual.every(ms, run)

  /** The loop is held up for so long. */
  stall(ms: number): Promise<void> {
    this.behind += ms
    return this.manual.advance(50)
  }
}

function metric(over: Partial<Metric> = {}): Metric {
  return { name: 'things_total', help: 'Things there were.', kind: 'counter', read: tell => tell(1), ...over }
}

const source = (...metrics: readonly Metric[]): MetricSource => ({ metrics })

interface Opened {
  readonly net: DirectHttp
  readonly clock: LateClock
  readonly loaded: PluginUnderTest
  readonly logged: string[]
  ask(path: string, method?: string): Promise<{ status: number; type: string; text: string }>
  samples(): Promise<readonly Sample[]>
}

async function open(sources: readonly MetricSource[] = [], options: object = {}): Promise<Opened> {
  const net = new DirectHttp()
  const clock = new LateClock()
  const logged: string[] = []
  const log: Logger = {
    ...silentLogger,
    child: () => log,
    error: (text, fields) => void logged.push(`${text} ${JSON.stringify(fields)}`),
  }
  const given = [[Http, net] as const, [NameLookup, directNames] as const]
  const loaded = await loadPlugin(
    metricsPlugin,
    options,
    [...given, ...sources.map(one => [MetricSources, one] as const)],
    { host: { clock, log } },
  )
  const ask: Opened['ask'] = async (path, method = 'GET') => {
    const { status, type, body } = await net.ask(path, '127.0.0.1', {}, method)
    return { status, type, text: new TextDecoder().decode(body) }
  }
  const samples = async (): Promise<readonly Sample[]> => {
    const { text } = await ask('/metrics')
    return parseExposition(text).filter(one => !one.name.startsWith('shoal_event_loop'))
  }
  return { net, clock, loaded, logged, ask, samples }
}

register(
  'metrics-prometheus, the event loop: contract',
  metricSourceCases(() => {
    const clock = new LateClock()
    const loop = new LoopDelay(clock, 1000)
    loop.start()
    return { source: loop, work: () => clock.stall(20) }
  }),
)

describe('metrics-prometheus', () => {
  it('listens on loopback unless told otherwise, and lets go', async () => {
    const { net, loaded, clock } = await open()
    expect(net.listening).to.deep.equal([at('127.0.0.1:9469')])
    await loaded.stop()
    expect(net.listening).to.deep.equal([])
    expect(clock.manual.pending).to.equal(0)
  })

  it('shows what every source counts, under the name of the project', async () => {
    let swarms = 3
    const { ask } = await open([
      source(
        metric({ name: 'swarms', help: 'Torrents.', kind: 'gauge', read: tell => tell(swarms) }),
        metric({
          name: 'announces_total',
          labels: ['protocol'],
          read(tell) {
            tell(12_345_678_901, 'udp')
            tell(0, 'http')
          },
        }),
      ),
    ])
    const { status, type, text } = await ask('/metrics')
    expect({ status, type }).to.deep.equal({ status: 200, type: TYPE })
    expect(text).to.include('# HELP shoal_swarms Torrents.\n# TYPE shoal_swarms gauge\nshoal_swarms 3\n')
    expect(text).to.include('# TYPE shoal_announces_total counter\nshoal_announces_total{protocol="udp"} 12345678901\n')
    expect(text).to.include('shoal_announces_total{protocol="http"} 0\n')
    swarms = 0
    expect((await ask('/metrics')).text).to.include('\nshoal_swarms 0\n')
  })

  it('adds up what two sources give under one name and equal labels', async () => {
    const wire = (name: string, value: number): MetricSource =>
      source(metric({ labels: ['protocol'], read: tell => tell(value, name) }))
    const { samples } = await open([wire('udp', 1), wire('http', 10), wire('udp', 100)])
    expect(await samples()).to.deep.equal([
      { name: 'shoal_things_total', labels: { protocol: 'udp' }, value: 101 },
      { name: 'shoal_things_total', labels: { protocol: 'http' }, value: 10 },
    ])
  })

  it('can be read back whatever stands in a label', async () => {
    let labels: readonly [string, string] = ['', '']
    const { samples } = await open([source(metric({ labels: ['a', 'b'], read: tell => tell(7, ...labels) }))])
    const nasty = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('"} 1\nevil_total 9', '\\', '\\n', '\n', '"', '<img src=x>', 'a:1,b:2', '# TYPE x counter'),
    )
    await fc.assert(
      fc.asyncProperty(nasty, nasty, async (a, b) => {
        labels = [a.toWellFormed(), b.toWellFormed()]
        expect(await samples()).to.deep.equal([
          { name: 'shoal_things_total', labels: { a: labels[0], b: labels[1] }, value: 7 },
        ])
      }),
      { numRuns: 300 },
    )
  })

  it('leaves out what is no number, and a metric of another kind under a name that is taken', async () => {
    const { samples, logged } = await open([
      source(
        metric(),
        metric({ name: 'temperature', kind: 'gauge', read: tell => [NaN, Infinity, -2.5].forEach(one => tell(one)) }),
      ),
      source(metric({ kind: 'gauge', read: tell => tell(50) }), metric({ labels: ['x'], read: tell => tell(5, 'y') })),
    ])
    expect(await samples()).to.deep.equal([
      { name: 'shoal_things_total', labels: {}, value: 1 },
      { name: 'shoal_temperature', labels: {}, value: -2.5 },
    ])
    expect(logged).to.have.length(1)
    expect(logged[0]).to.match(/things_total.*different kinds/)
  })

  it('shows all others where one source throws or misnames, and tells of it once', async () => {
    const broken = metric({
      name: 'broken',
      kind: 'gauge',
      read() {
        throw new Error('out of order')
      },
    })
    const { samples, logged, ask } = await open([source(broken, metric({ name: 'no name' })), source(metric())])
    for (let i = 0; i < 3; i++) expect((await samples()).map(one => one.value)).to.include(1)
    expect((await ask('/metrics')).status).to.equal(200)
    expect(logged.join('\n')).to.match(/no name[^]*out of order/)
    expect(logged).to.have.length(2)
  })

  it('gives those who ask at one time one reading', async () => {
    let read = 0
    const { ask } = await open([source(metric({ read: tell => tell(++read) }))])
    const replies = await Promise.all(Array.from({ length: 20 }, () => ask('/metrics')))
    expect(new Set(replies.map(reply => reply.text)).size).to.equal(1)
    expect(read).to.equal(1)
  })

  it('keeps nodes of one process apart', async () => {
    const one = await open([source(metric({ read: tell => tell(1) }))])
    const other = await open([source(metric({ name: 'others_total', read: tell => tell(2) }))])
    expect(await one.samples()).to.deep.equal([{ name: 'shoal_things_total', labels: {}, value: 1 }])
    expect(await other.samples()).to.deep.equal([{ name: 'shoal_others_total', labels: {}, value: 2 }])
  })

  it('has nothing else, and takes no other method', async () => {
    const { ask } = await open()
    for (const path of ['/', '/metrics/', '/metrics.html', '/health/live', '/../metrics', '/METRICS']) {
      expect((await ask(path)).status, path).to.equal(404)
    }
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      expect((await ask('/metrics', method)).status, method).to.equal(405)
    }
    expect((await ask('/metrics', 'HEAD')).status).to.equal(200)
  })

  describe('health', () => {
    const healthOf = async ({ ask }: Pick<Opened, 'ask'>): Promise<Record<string, unknown>> => {
      const { status, type, text } = await ask('/health')
      expect(type).to.equal('application/json; charset=utf-8')
      return { status, ...(JSON.parse(text) as object) }
    }

    it('is good while the node is ready and no part complains', async () => {
      const opened = await open([{ metrics: [], trouble: () => null }, source()])
      await opened.clock.manual.advance(61_000)
      expect(await healthOf(opened)).to.deep.equal({
        status: 200,
        ok: true,
        state: 'ready',
        wrong: [],
        uptimeSeconds: 61,
        loopDelayMs: { median: 0, p99: 0, worst: 0 },
      })
    })

    it('is bad while the node is starting, and while it is being stopped', async () => {
      const seen: string[] = []
      const net = new DirectHttp()
      const look = async (): Promise<void> => {
        const { status, body } = await net.ask('/health', '127.0.0.1')
        seen.push(`${status} ${(JSON.parse(new TextDecoder().decode(body)) as { wrong: string[] }).wrong.join()}`)
      }
      const watched: HttpNet = {
        get: () => net.get(),
        async serve(where, handler): Promise<HttpListener> {
          const listener = await net.serve(where, handler)
          await look()
          return { local: listener.local, close: () => look().then(() => listener.close()) }
        },
      }
      const loaded = await loadPlugin(metricsPlugin, {}, [
        [Http, watched],
        [NameLookup, directNames],
      ])
      await look()
      await loaded.stop()
      expect(seen).to.deep.equal(['503 the node has not finished starting', '200 ', '503 the node is being stopped'])
    })

    it('says what a part complains of, until it no longer does', async () => {
      let trouble: string | null = 'UDP tracker: 1 of 2 threads is gone'
      const opened = await open([{ metrics: [], trouble: () => trouble }])
      expect(await healthOf(opened)).to.include({ status: 503, ok: false })
      expect((await healthOf(opened))['wrong']).to.deep.equal([trouble])
      trouble = null
      expect(await healthOf(opened)).to.include({ status: 200, ok: true })
    })

    it('is bad where a part cannot even say how it is', async () => {
      const trouble = (): never => {
        throw new Error('no idea')
      }
      expect(await healthOf(await open([{ metrics: [], trouble }]))).to.include({ status: 503 })
    })

    it('is bad for ten seconds after the event loop was badly late', async () => {
      const opened = await open([], { lateMs: 250 })
      await opened.clock.stall(200)
      expect(await healthOf(opened)).to.include({ status: 200 })
      await opened.clock.stall(300)
      const { status, wrong, loopDelayMs } = await healthOf(opened)
      expect(status).to.equal(503)
      expect(String(wrong)).to.match(/^the event loop was late by 300 ms within the last ten seconds/)
      expect(loopDelayMs).to.deep.equal({ median: 200, p99: 300, worst: 300 })
      await opened.clock.manual.advance(10_001)
      expect(await healthOf(opened)).to.include({ status: 200 })
      const { text } = await opened.ask('/metrics')
      expect(text).to.include('shoal_event_loop_delay_seconds{quantile="1"} 0\n')
      expect(text).to.include('shoal_event_loop_delay_worst_seconds 0.3\n')
    })
  })

  describe('where it listens', () => {
    it('may be several places, and by name', async () => {
      const { net } = await open([], { listen: ['127.0.0.1:7001', '[::1]:7002'] })
      expect(net.listening).to.deep.equal([at('127.0.0.1:7001'), at('[::1]:7002')])
    })

    it('must lead somewhere', async () => {
      const error: unknown = await open([], { listen: 'nowhere.example:80' }).catch((thrown: unknown) => thrown)
      expect(error).to.include({ code: 'ERR_METRICS_LISTEN', blame: 'operator' })
    })

    it('is remarked on where others may read there', () => {
      const remarks = (listen: string | string[]): number | undefined =>
        metricsPlugin.notes?.({ listen, lateMs: 1000 }, { providers: () => [] }).length
      expect(remarks('127.0.0.1:9469')).to.equal(0)
      expect(remarks(['[::1]:9469', 'localhost:1'])).to.equal(0)
      expect(remarks(['0.0.0.0:9469', '127.0.0.1:1', '[::]:2', '192.0.2.1:3'])).to.equal(3)
    })
  })

  it('serves over real HTTP, with the content type that Prometheus asks for', async () => {
    const http = new NodeHttpNet(systemClock, silentLogger)
    let port = 0
    const watched: HttpNet = {
      get: (...args) => http.get(...args),
      serve: async (where, handler) => {
        const listener = await http.serve(where, handler)
        port = listener.local.port
        return listener
      },
    }
    const given = [
      [Http, watched] as const,
      [NameLookup, directNames] as const,
      [MetricSources, source(metric())] as const,
    ]
    const loaded = await loadPlugin(metricsPlugin, { listen: '127.0.0.1:0' }, given)
    try {
      const reply = await fetch(`http://127.0.0.1:${port}/metrics`)
      expect(reply.headers.get('content-type')).to.equal(TYPE)
      expect(parseExposition(await reply.text())).to.deep.include({ name: 'shoal_things_total', labels: {}, value: 1 })
      expect((await fetch(`http://127.0.0.1:${port}/health`)).status).to.equal(200)
    } finally {
      await loaded.stop()
    }
  })

  it('serves in a simulated world', async () => {
    const world = new World(1)
    const [node, reader] = [world.node('a'), world.node('b')]
    const [ip] = node.addresses
    const given = [
      [Http, new SimHttp(node, new SimNames(node))] as const,
      [NameLookup, new SimNames(node)] as const,
      [MetricSources, source(metric({ read: tell => tell(42) }))] as const,
    ]
    const loading = loadPlugin(metricsPlugin, { listen: '0.0.0.0:9469' }, given, { host: node.host })
    const loaded = await world.until(loading)
    const asked = new SimHttp(reader, new SimNames(reader)).get(
      new URL(`http://${ip?.join('.')}:9469/metrics`),
      { timeoutMs: 5000, maxBytes: 100_000 },
      new AbortController().signal,
    )
    const { type, body } = await world.until(asked)
    expect(type).to.equal(TYPE)
    expect(parseExposition(new TextDecoder().decode(body))).to.deep.include({
      name: 'shoal_things_total',
      labels: {},
      value: 42,
    })
    await world.until(loaded.stop())
  })
})
